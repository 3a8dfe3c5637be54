/** The process's log: pino; one line of JSON an entry, or readable lines on a terminal. */
import { destination, pino, stdSerializers } from 'pino'
import { oneOf } from '../config/meant.ts'
import type { LogFunction } from '../process-environment.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
type Level = typeof LEVELS[number]

/** What LOG_LEVEL asks for, in letters of any case. Throws ConfigError for what is no level. */
export function levelOf (text: string | undefined): Level { return oneOf('LOG_LEVEL', text, LEVELS) ?? 'info' }

export async function processLog (level: Level): Promise<LogFunction> {
  const logger = pino({
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: label => ({ level: label }) },
    serializers: { error: stdSerializers.err },
  }, await stream())
  const log: LogFunction = (entryLevel, message, fields) => {
    logger[entryLevel](fields ?? {}, message)
  }
  return Object.defineProperty(log, 'level', {
    get: () => logger.level,
    set: (changed: string) => { logger.level = changed },
  })
}

/** Written at once: what is said just before the end must be seen. */
async function stream () {
  if (!process.stdout.isTTY) return destination({ dest: 1, sync: true })
  const { default: pretty } = await import('pino-pretty')
  return pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' })
}
