import { main } from '../check-schemas.ts'

process.exitCode = main(process.argv.slice(2))
