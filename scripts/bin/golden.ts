import { main } from '../golden.ts'

process.exitCode = main(process.argv.slice(2))
