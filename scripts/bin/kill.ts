import { main } from '../kill.ts'

process.exitCode = await main(process.argv.slice(2))
