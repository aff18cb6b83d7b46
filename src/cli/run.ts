// A server in this process: started, told by signals, and ended with the exit code that is due.

import { CorefileError } from '../corefile/directive.ts'
import { printName } from '../dns/name.ts'
import { type Log, openLog } from '../log.ts'
import type { Maybe } from '../maybe.ts'
import { plugins } from '../plugins/index.ts'
import { Server } from '../server/server.ts'
import { type BlockSetup, bindAddresses, type Loaded } from '../server/setup.ts'
import { platform, programName, version } from '../version.ts'
import { FlagError } from './flags.ts'

export interface RunOptions {
  /** Reads and sets up the Corefile; called at start and whenever it may have changed. Throws CorefileError. */
  readonly load: () => Maybe<Loaded>
  readonly quiet: boolean
  /** Called when the server answers, with the blocks in force. */
  readonly started?: (blocks: readonly BlockSetup[], log: Log) => void
  /** Called after the server has ended. */
  readonly ended?: () => void | Promise<void>
}

/** A port as a flag gives it, 0 to 65535. Throws FlagError. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new FlagError(`invalid port ${JSON.stringify(text)}`)
  return port
}

/**
 * Serves until SIGTERM or SIGINT, or, without letting anything finish, until SIGQUIT or another SIGINT. Resolves to the exit
 * code: 0, 2 for the other SIGINT, 1 where it couldn't start.
 */
export async function run(options: RunOptions): Promise<number> {
  const log = openLog()
  const server = new Server({ plugins, log, load: options.load })
  const end = Promise.withResolvers<number>()
  let started = false
  let interrupted = false

  const stop = () => {
    // Nobody has been promised an answer before the start is over.
    if (!started) return end.resolve(0)
    void server.stop().then(
      () => end.resolve(0),
      (error: Error) => {
        log.error(`stopping: ${error.stack ?? error.message}`)
        end.resolve(1)
      },
    )
  }
  const reload = () => {
    if (!started) return
    server.reload().catch((error: Error) => {
      log.error(`Corefile changed but reload failed, the old one stays: ${error.message}`)
    })
  }
  // What is said of signals is CoreDNS's: operators look for it in logs.
  process.on('SIGTERM', () => {
    log.info('SIGTERM: Shutting down servers then terminating')
    stop()
  })
  process.on('SIGINT', () => {
    log.info(`SIGINT: ${interrupted ? 'Force quit' : 'Shutting down'}`)
    // Somebody at a terminal doesn't want to wait for the end of a lameduck.
    if (interrupted) end.resolve(2)
    interrupted = true
    stop()
  })
  process.on('SIGQUIT', () => {
    log.info('SIGQUIT: Quitting process immediately')
    end.resolve(0)
  })
  process.on('SIGUSR1', () => {
    log.info('SIGUSR1: Reloading')
    reload()
  })
  // There it starts the program anew; here it would end it, where nobody listened for it.
  process.on('SIGUSR2', () => log.warning('SIGUSR2: there is no upgrading in place; it is ignored'))
  process.on('SIGHUP', () => undefined)

  server.start().then(
    () => {
      started = true
      if (!options.quiet) log.raw(banner(server.blocks))
      options.started?.(server.blocks, log)
    },
    (error: Error) => {
      // The message is for the operator; a fault of ours needs its stack.
      const known = error instanceof CorefileError || 'code' in error
      process.stderr.write(`${known ? error.message : (error.stack ?? error.message)}\n`)
      end.resolve(1)
    },
  )
  const code = await end.promise
  await options.ended?.()
  log.flush()
  // Threads of a start that was given up would keep the process alive.
  process.exit(code)
}

/** CoreDNS's: a line for each zone on each listener, sorted, then who we are. */
function banner(blocks: readonly BlockSetup[]): string {
  const lines = new Set<string>()
  for (const block of blocks) {
    for (const { scheme, zone, port } of block.keys) {
      for (const address of bindAddresses(block)) {
        const place = `${scheme === 'dns' ? '' : `${scheme}://`}${printName(zone)}:${port}`
        lines.add(`${place}${address === '' ? '' : ` on ${address}`}\n`)
      }
    }
  }
  return `${[...lines].sort().join('')}${programName}-${version}\n${platform}\n`
}
