import { main } from '../fix.ts'

process.exitCode = main(process.argv.slice(2))
