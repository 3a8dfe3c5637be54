import { main } from '../verify.ts'

process.exitCode = await main()
