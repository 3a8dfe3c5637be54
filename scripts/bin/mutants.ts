import { main } from '../mutants.ts'

process.exitCode = await main(process.argv.slice(2))
