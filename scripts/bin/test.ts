import { main } from '../test.ts'

process.exitCode = await main(process.argv.slice(2))
