// The operational log: CoreDNS's lines, `[INFO] plugin/kubernetes: message`, written by pino without blocking.
// Only importer of pino.
import { type DestinationStream, pino } from 'pino'

export interface Log {
  debug(message: string): void
  info(message: string): void
  warning(message: string): void
  error(message: string): void
  /** A log whose lines begin with `plugin/NAME: `. */
  plugin(name: string): Log
  /** Writes text as it is, its newline included: banners and query logs. */
  raw(text: string): void
  /** Are debug lines written? Set by the plugin `debug`. */
  setDebug(on: boolean): void
}

/** Octets kept for a reader of standard output that has stalled; beyond that lines are dropped, DNS goes on. */
const maxUnwritten = 1 << 20

const titles: Readonly<Record<number, string>> = { 20: 'DEBUG', 30: 'INFO', 40: 'WARNING', 50: 'ERROR', 60: 'FATAL' }

/** Lines to standard output. */
export function openLog(): Log & { flush(): void } {
  const output = pino.destination({ dest: 1, sync: false, maxLength: maxUnwritten })
  return { ...logTo((text) => output.write(text)), flush: () => output.flushSync() }
}

/** A log that hands each finished line, with its newline, to `write`: for tests and for other destinations. */
export function logTo(write: (line: string) => void): Log {
  const stream: DestinationStream = {
    write(json) {
      const { level, msg } = JSON.parse(json) as { level: number; msg: string }
      write(`[${titles[level] ?? level}] ${msg}\n`)
    },
  }
  const logger = pino({ base: null, timestamp: false, level: 'info' }, stream)
  const prefixed = (prefix: string): Log => ({
    debug: (message) => logger.debug(prefix + message),
    info: (message) => logger.info(prefix + message),
    warning: (message) => logger.warn(prefix + message),
    error: (message) => logger.error(prefix + message),
    plugin: (name) => prefixed(`plugin/${name}: `),
    raw: write,
    setDebug: (on) => {
      logger.level = on ? 'debug' : 'info'
    },
  })
  return prefixed('')
}
