import { main } from '../simulate.ts'

process.exitCode = await main(process.argv.slice(2))
