import { main } from '../fuzz-decoder.ts'

process.exitCode = main(process.argv.slice(2))
