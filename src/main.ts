#!/usr/bin/env node
/** The process: arguments in, exit code out. */
import { program } from './cli/program.ts'

await program().parseAsync(process.argv)
