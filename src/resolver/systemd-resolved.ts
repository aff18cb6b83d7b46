// systemd-resolved asked by its own interfaces: resolvectl, nss-resolve (src/resolve/resolved-dns-scope.c:
// dns_scope_name_wants_search_domain; resolved-dns-query.c: dns_query_candidate_notify). Whoever asks its stub at
// 127.0.0.53 walks the search list with another resolver's rules.
import { countLabels } from '../dns/name.ts'
import type { ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, found, join, lost, type Outcome, type Steps, type Verdict, type Walk } from './walk.ts'

/**
 * Only a name of one label gets the search list, whatever `ndots` says and whether or not it ends with a dot, and it is never
 * asked by itself. The first domain under which one of the types gives no error ends the walk.
 */
export function* walkSystemdResolved(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const steps: Steps = { count: 0 }
  if (countLabels(asked.name) > 1) {
    const outcomes = yield* ask(steps, asked.name, types)
    return judge(steps, outcomes, 'a name of several labels is asked as it is, and only so')
  }
  let verdict = lost('nxdomain', 'not found', 'a name of one label is asked with the search list only')
  for (const domain of conf.search) {
    const name = domain === '.' ? undefined : join(asked, domain)
    if (name === undefined) continue
    const outcomes = yield* ask(steps, name, types)
    verdict = judge(steps, outcomes, 'a name of one label is asked with the search list only')
    if (verdict.end === 'found' || verdict.end === 'nodata') return verdict
  }
  return verdict
}

function judge(steps: Steps, outcomes: readonly Outcome[], because: string): Verdict {
  if (outcomes.includes('answer')) return found(steps, because)
  if (outcomes.some((outcome) => outcome === 'nodata' || outcome === 'alias'))
    return lost('nodata', 'does not have any RR of the requested type', because)
  if (outcomes.includes('nxdomain')) return lost('nxdomain', 'not found', because)
  return lost('failed', 'lookup failed', because)
}
