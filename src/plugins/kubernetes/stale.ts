// What is said, in replies and in the log, while the API server has been away for long.
import type { Kind } from '../../cluster/store.ts'
import { ExtendedErrorCode, Rcode } from '../../dns/codes.ts'
import type { Reply } from '../../dns/reply.ts'
import type { Log } from '../../log.ts'
import type { KubernetesOptions } from './options.ts'

const text = 'as it was when the Kubernetes API was last heard of'

/** The reply with the extended error that fits it (RFC 8914 4.4, 4.20). */
export function markStale(reply: Reply): Reply {
  if (reply.rcode === Rcode.SERVFAIL) return reply
  const { STALE_ANSWER, STALE_NXDOMAIN_ANSWER } = ExtendedErrorCode
  const code = reply.rcode === Rcode.NXDOMAIN ? STALE_NXDOMAIN_ANSWER : STALE_ANSWER
  return { ...reply, errors: [...reply.errors, { code, text }] }
}

const everyMs = 1000

/** Says once for each outage of which kinds answers begin to be stale. */
export function tellStaleness(
  { cluster, staleAfter }: KubernetesOptions,
  ageOf: (kind: Kind) => number,
  log: Log,
  signal: AbortSignal,
): void {
  const told = new Set<Kind>()
  const look = (): void => {
    const stale = cluster.kinds.filter((kind) => ageOf(kind) > staleAfter)
    const fresh = stale.filter((kind) => !told.has(kind)).sort()
    told.clear()
    for (const kind of stale) told.add(kind)
    if (fresh.length === 0) return
    const names = fresh.join(', ')
    log.warning(`nothing has been heard of ${names} for ${staleAfter / 1000} s, answers say that they are stale`)
  }
  const timer = setInterval(look, everyMs)
  timer.unref()
  signal.addEventListener('abort', () => clearInterval(timer))
}
