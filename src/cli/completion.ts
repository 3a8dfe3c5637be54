/**
 * Tab completion: what may follow, from the command line's own definition, so that the two cannot
 * disagree; and the scripts by which a shell asks for it. Names of topics and groups come from the
 * broker, if it answers in time.
 */
import type { Argument, Command, Option } from 'commander'
import { parseAddresses } from '../client/address.ts'
import { Client } from '../client/client.ts'
import { meant } from '../config/meant.ts'
import { DEFAULT_BOOTSTRAP_SERVER } from './define/every-command.ts'
import { findGroups } from './groups/requests.ts'
import type { Terminal } from './terminal.ts'
import { write } from './terminal.ts'

/** What a shell shows: a word, and what it is. */
export interface Candidate { readonly word: string, readonly description: string }

/** Names that only the broker knows. */
export type NameKind = 'topic' | 'group' | 'broker'
export type Names = (kind: NameKind, bootstrapServer: string) => Promise<readonly string[]>

/** Nobody waits longer for a tab; OTTLA_COMPLETION_TIMEOUT_MS is for brokers that are far away. */
const ANSWER_WITHIN_MS = 300

/** Options whose value is a name of the cluster. */
const NAMED_OPTIONS: Readonly<Record<string, NameKind>> = { topic: 'topic', group: 'group' }
const NAMED_ARGUMENTS: Readonly<Record<string, NameKind>> = { topic: 'topic', group: 'group' }

interface Cursor {
  readonly command: Command
  /** The words that are arguments of the command. */
  readonly operands: readonly string[]
  /** The option whose value is being written. */
  readonly option: Option | undefined
  readonly bootstrapServer: string | undefined
}

/** What may stand in the place of the last word, which may be empty. */
export async function candidates (
  ottla: Command, words: readonly string[], names: Names
): Promise<Candidate[]> {
  const last = words.at(-1) ?? ''
  const cursor = cursorAt(ottla, words.slice(0, -1))
  const all = await possible(cursor, last, names)
  return all.filter(({ word }) => word.startsWith(last)).sort(
    (left, right) => left.word < right.word ? -1 : 1
  )
}

function cursorAt (ottla: Command, before: readonly string[]): Cursor {
  let command = ottla
  let operands: string[] = []
  let option: Option | undefined
  let bootstrapServer: string | undefined
  for (const word of before) {
    if (option !== undefined) {
      if (option.attributeName() === 'bootstrapServer') bootstrapServer = word
      option = undefined
    } else if (word.startsWith('-')) {
      const found = command.options.find(({ short, long }) => word === short || word === long)
      option = found !== undefined && (found.required || found.optional) ? found : undefined
    } else {
      const next = command.commands.find(each => each.name() === word)
      if (next === undefined) operands.push(word)
      else [command, operands] = [next, []]
    }
  }
  return { command, operands, option, bootstrapServer }
}

async function possible (cursor: Cursor, last: string, names: Names): Promise<Candidate[]> {
  const { command, operands, option } = cursor
  const named = async (kind: NameKind): Promise<Candidate[]> => {
    const server = meant(cursor.bootstrapServer) ?? meant(process.env.OTTLA_BOOTSTRAP_SERVER) ??
      DEFAULT_BOOTSTRAP_SERVER
    return (await names(kind, server)).map(word => ({ word, description: kind }))
  }
  if (option !== undefined) {
    const kind = NAMED_OPTIONS[option.attributeName()]
    return kind === undefined ? choices(option) : await named(kind)
  }
  if (last.startsWith('-')) {
    return command.createHelp().visibleOptions(command).map(({ long, description }) => ({ word: long ?? '', description }))
  }
  if (command.commands.length > 0) {
    // A word that is no command: nothing follows it.
    if (operands.length > 0) return []
    return command.createHelp().visibleCommands(command)
      .map(each => ({ word: each.name(), description: each.description() }))
  }
  const argument = argumentAt(command, operands.length)
  if (argument === undefined) return []
  const kind = argument.name() === 'name' ? kindOf(operands[0]) : NAMED_ARGUMENTS[argument.name()]
  return kind === undefined ? choices(argument) : await named(kind)
}

function argumentAt ({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined)
}

/** `ottla configs describe topic <name>`: the word before says of what. */
function kindOf (word: string | undefined): NameKind | undefined {
  if (word === 'broker' || word === 'broker-logger') return 'broker'
  return word === 'topic' || word === 'group' ? word : undefined
}

function choices ({ argChoices, description }: Argument | Option): Candidate[] {
  return (argChoices ?? []).map(word => ({ word, description }))
}

/** Nothing, when the broker does not answer: a shell must not hang. */
export const namesOfBroker: Names = async (kind, bootstrapServer) => {
  let client: Client | undefined
  let timer: NodeJS.Timeout | undefined
  const timeoutMs = Number(meant(process.env.OTTLA_COMPLETION_TIMEOUT_MS)) || ANSWER_WITHIN_MS
  const late = new Promise<string[]>(resolve => { timer = setTimeout(resolve, timeoutMs, []) })
  try {
    client = new Client(parseAddresses(bootstrapServer), {
      clientId: 'ottla-completion', attemptsMax: 1, connectTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs,
    })
    return await Promise.race([late, askedOf(client, kind)])
  } catch {
    return []
  } finally {
    clearTimeout(timer)
    await client?.close()
  }
}

async function askedOf (client: Client, kind: NameKind): Promise<string[]> {
  switch (kind) {
    case 'topic': return [...(await client.describe(null)).topics.keys()]
    case 'group': return (await findGroups(client)).map(({ group }) => group)
    case 'broker': return [...(await client.cluster()).brokers.keys()].map(String)
  }
}

/** A candidate a line, its description behind a tab. */
export async function complete (
  words: readonly string[], ottla: Command, terminal: Terminal
): Promise<void> {
  const found = await candidates(ottla, words, namesOfBroker)
  await write(terminal.output, found.map(({ word, description }) => `${word}\t${description}\n`).join(''))
}

const SCRIPTS = {
  bash: `# ottla completion bash: source <(ottla completion bash)
_ottla () {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _ottla ottla
`,
  zsh: `#compdef ottla
# ottla completion zsh: source <(ottla completion zsh)
_ottla () {
  local line
  local -a found
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe ottla found; else _files; fi
}
compdef _ottla ottla
`,
} as const

export async function printScript (shell: keyof typeof SCRIPTS, terminal: Terminal): Promise<void> {
  await write(terminal.output, SCRIPTS[shell])
}
