/** The recorded conversations: where they are. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Conversation } from './form.ts'
import { parse } from './parse.ts'

/** From the compiled test; data is not copied. */
const folder = fileURLToPath(new URL('../../../../test/conversations/', import.meta.url))

export function allFiles (): string[] {
  return readdirSync(folder).filter(name => name.endsWith('.txt')).sort().map(name => folder + name)
}

export function nameOf (file: string): string { return basename(file, '.txt') }

export function readConversation (file: string): Conversation {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new SyntaxError(`${basename(file)}: ${(error as Error).message}`, { cause: error })
  }
}

export function differencesText (): string { return readFileSync(`${folder}differences.jsonl`, 'utf8') }
