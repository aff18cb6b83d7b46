// `reload`: looks now and then whether the Corefile has changed, and puts the new one into force.
import { CorefileError } from '../corefile/directive.ts'
import { readArgs, readValue } from '../corefile/read-block.ts'
import { parseDuration } from '../corefile/values.ts'
import type { Log } from '../log.ts'
import { counter, gauge } from '../metrics.ts'
import type { Plugin, ServerState } from '../plugin.ts'

/** Milliseconds. */
interface ReloadConfig {
  readonly interval: number
  /** At most half of the interval. */
  readonly jitter: number
}

const minInterval = 2000
const minJitter = 1000
/** The longest a timer can wait. */
const maxTimer = 2 ** 31 - 1

const failures = counter('coredns_reload_failed_total', 'Counter of the number of failed reload attempts.', []).with()
const versionInfo = gauge(
  'coredns_reload_version_info',
  "A metric with a constant '1' value labeled by hash, and value which type of hash generated.",
  ['hash', 'value'],
)

export const reload: Plugin<ReloadConfig> = {
  name: 'reload',

  /** Only the first directive counts, as in CoreDNS, and nobody looks into its block. */
  parse([directive]) {
    if (directive === undefined) throw new RangeError('no directive')
    const [intervalText = '30s', jitterText = '15s'] = readArgs(directive, 0, 2)
    const interval = readValue(directive, () => parseDuration(intervalText))
    if (interval < minInterval) throw new CorefileError(directive, 'interval value must be greater or equal to 2s')
    const jitter = readValue(directive, () => parseDuration(jitterText))
    if (jitter !== 0 && jitter < minJitter) {
      throw new CorefileError(directive, 'jitter value must be 0 or greater or equal to 1s')
    }
    return { interval, jitter: Math.min(jitter, interval / 2) }
  },

  background(config, { log, server, signal }) {
    const first = !timers.has(signal)
    // One clock per configuration; of several server blocks the last one sets it, as in CoreDNS.
    clearInterval(timers.get(signal))
    timers.set(signal, setInterval(watch(server, log), Math.min(period(config, Math.random()), maxTimer)))
    if (!first) return {}
    log.info(`Running configuration SHA512 = ${server.digest}`)
    showVersion(server.digest, signal)
    signal.addEventListener('abort', () => clearInterval(timers.get(signal)), { once: true })
    return {}
  },
}

/** By the signal of the configuration. */
const timers = new WeakMap<AbortSignal, NodeJS.Timeout>()

/** From look to look, ms, for a random number from 0 to 1: so that servers with the same Corefile don't all reload at once. */
export function period({ interval, jitter }: ReloadConfig, random: number): number {
  return interval + (random - 0.5) * jitter
}

/** Looks once; does nothing while an earlier look isn't done. */
function watch(server: ServerState, log: Log): () => Promise<void> {
  let busy = false
  return async () => {
    if (busy) return
    busy = true
    try {
      await server.reloadChanged()
    } catch (error) {
      failures.inc()
      log.error(`Corefile changed but reload failed: ${(error as Error).message}`)
    } finally {
      busy = false
    }
  }
}

/** How many configurations have each digest: over a reload there are two for a moment. */
const versions = new Map<string, number>()

function showVersion(digest: string, signal: AbortSignal): void {
  versions.set(digest, (versions.get(digest) ?? 0) + 1)
  versionInfo.with('sha512', digest).set(1)
  const hide = () => {
    const left = (versions.get(digest) ?? 1) - 1
    versions.set(digest, left)
    if (left > 0) return
    versions.delete(digest)
    versionInfo.remove('sha512', digest)
  }
  signal.addEventListener('abort', hide, { once: true })
}
