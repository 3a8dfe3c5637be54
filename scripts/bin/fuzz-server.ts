import { main } from '../fuzz-server.ts'

process.exitCode = await main(process.argv.slice(2))
