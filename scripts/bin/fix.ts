import { main } from '../fix.ts'

process.exitCode = main()
