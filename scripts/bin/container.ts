import { main } from '../container.ts'

process.exitCode = main()
