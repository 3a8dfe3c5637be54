/**
 * The broker's one file, with what V8 has compiled of it. The build makes both, and here they are
 * only read: nothing is written at a start, so the file system may be read-only.
 */
import { createRequire } from 'node:module'
import type * as FileSystem from 'node:fs'
import type * as Path from 'node:path'
import type * as VirtualMachine from 'node:vm'
import type * as BrokerCommand from './broker-command.ts'

/** To a module, a part of Node's library comes with all that its properties lead to. */
const require = createRequire(import.meta.url)
const { readFileSync } = require('node:fs') as typeof FileSystem

const FILE = require.resolve('./broker-command.cjs')

/** For this Node alone: each other finds none, or refuses it, and compiles for itself. */
export const codeFile = `${FILE.slice(0, -'.cjs'.length)}-${process.version}-${process.arch}.code`

export interface Bundle {
  readonly command: typeof BrokerCommand
  /** The code was of another Node, or of other flags: it is compiled anew. */
  readonly isRefused: boolean
  /** What is compiled by now. */
  code (): Buffer
}

export function bundledBroker (): typeof BrokerCommand {
  const code = storedCode()
  const bundle = code === undefined ? undefined : openBundle(code)
  return bundle?.command ?? require(FILE) as typeof BrokerCommand
}

/** Undefined: this Node is too old for it. */
export function openBundle (code?: Buffer): Bundle | undefined {
  const { dirname } = require('node:path') as typeof Path
  const { Script, constants } = require('node:vm') as typeof VirtualMachine
  const importModuleDynamically =
    (constants as Partial<typeof constants> | undefined)?.USE_MAIN_CONTEXT_DEFAULT_LOADER
  if (importModuleDynamically === undefined) return undefined
  // As Node itself runs a CommonJS file.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(FILE, 'latin1')}\n})`
  const script = new Script(source, {
    filename: FILE, importModuleDynamically, ...code === undefined ? {} : { cachedData: code },
  })
  const module = { exports: {} as typeof BrokerCommand }
  script.runInThisContext()(module.exports, createRequire(FILE), module, FILE, dirname(FILE))
  return {
    command: module.exports,
    isRefused: script.cachedDataRejected === true,
    code: () => script.createCachedData(),
  }
}

function storedCode (): Buffer | undefined {
  try {
    return readFileSync(codeFile)
  } catch {
    return undefined
  }
}
