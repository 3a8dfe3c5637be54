#!/usr/bin/env node
/** The process: arguments in, exit code out. */
import { bundledBroker } from './cli/bundled.ts'

const words = process.argv.slice(2)
const { run } = words[0] === 'serve' ? bundledBroker() : await import('./cli/commands.ts')
const exitCode = await run(words)
// A broker goes on in the background, and sets its own when it ends.
if (exitCode !== 0) process.exitCode = exitCode
