#!/usr/bin/env node
/**
 * The process: arguments in, exit code out. The build makes the broker one CommonJS file, which Node loads
 * with less of its own library than modules take.
 */
import { createRequire } from 'node:module'
import type * as BrokerCommand from './cli/broker-command.ts'

const words = process.argv.slice(2)
const { run } = words[0] === 'serve'
  ? createRequire(import.meta.url)('./cli/broker-command.cjs') as typeof BrokerCommand
  : await import('./cli/commands.ts')
const exitCode = await run(words)
// A broker goes on in the background, and sets its own when it ends.
if (exitCode !== 0) process.exitCode = exitCode
