/**
 * Where settings come from, the last wins: `--config FILE`, environment, `--override key=value`.
 */
import { readFileSync } from 'node:fs'
import { applyImageRules, readEnvironment } from './environment.ts'
import type { Variable } from './environment.ts'
import { ConfigError } from './error.ts'
import { meantValue } from './given.ts'
import { meant } from './meant.ts'
import { parseProperties } from './properties.ts'

/** A setting as somebody wrote it, and where. */
export interface Given {
  readonly text: string
  /** "server.properties", "KAFKA_NUM_PARTITIONS", "--override": for messages. */
  readonly origin: string
}

export interface Sources {
  readonly configFile?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Each `key=value`. */
  readonly overrides?: readonly string[]
}

/**
 * What is set, by name: an empty text leaves a setting to the sources before, or to its default.
 */
export function readSources (
  { configFile, environment = {}, overrides = [] }: Sources
): Map<string, Given> {
  const given = new Map<string, Given>()
  const take = (name: string, text: string, origin: string): void => {
    const value = meantValue(name, text)
    if (value !== undefined) given.set(name, { text: value, origin })
  }
  const file = meant(configFile)
  if (file !== undefined) {
    for (const [name, text] of readFile(file)) take(name, text, file)
  }
  for (const [name, { variable, text }] of readVariables(environment)) {
    take(name, text, variable)
  }
  for (const it of overrides) {
    const override = meant(it)
    if (override === undefined) continue
    const equals = override.indexOf('=')
    if (equals < 1) {
      throw new ConfigError(`--override ${override}: write it as --override key=value`)
    }
    const name = override.slice(0, equals).trim()
    take(name, override.slice(equals + 1), '--override')
  }
  return given
}

function readVariables (environment: NonNullable<Sources['environment']>): Map<string, Variable> {
  const variables = readEnvironment(environment)
  try {
    applyImageRules(variables)
  } catch (error) {
    throw new ConfigError((error as Error).message)
  }
  return variables
}

function readFile (path: string): Map<string, string> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`--config ${path} cannot be read: ${(error as Error).message}`)
  }
  try {
    return parseProperties(text)
  } catch (error) {
    throw new ConfigError(`--config ${path}: ${(error as Error).message}`)
  }
}
