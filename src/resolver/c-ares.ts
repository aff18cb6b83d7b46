// c-ares since 1.34 (src/lib/ares_search.c: ares_search_name_list and search_callback; ares_getaddrinfo.c: host_callback)
// and Node's dns.resolve, which asks c-ares for one name only (nodejs/node, src/cares_wrap.h: AresQuery).
import { countLabels } from '../dns/name.ts'
import { numericOption, type ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, found, join, lost, type Outcome, type Steps, type Verdict, type Walk } from './walk.ts'

type Failure = Exclude<Outcome, 'answer'>

const reports: Readonly<Record<Failure, string>> = {
  alias: 'ENODATA',
  nodata: 'ENODATA',
  nxdomain: 'ENOTFOUND',
  servfail: 'ESERVFAIL',
  refused: 'EREFUSED',
  timeout: 'ETIMEOUT',
  unreachable: 'ECONNREFUSED',
  error: 'EBADRESP',
}

/**
 * Names with at least `ndots` dots are tried as they are first, all others last. NXDOMAIN and no records lead on to the next
 * name; any other failure ends the walk, but SERVFAIL and REFUSED at a name of one label. Before 1.34 SERVFAIL led on
 * everywhere. Of two types the second decides where neither has records.
 */
export function* walkCares(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const ndots = numericOption(conf, 'ndots', 1)
  const steps: Steps = { count: 0 }
  const suffixed = asked.absolute ? [] : conf.search.map((domain) => join(asked, domain))
  const names = asked.absolute || asked.dots >= ndots ? [asked.name, ...suffixed] : [...suffixed, asked.name]
  let nodata = false
  let last: Failure = 'nxdomain' as Failure
  for (const name of names) {
    if (name === undefined) return lost('failed', 'EBADNAME', 'a name of the walk is too long')
    const outcomes = yield* ask(steps, name, types)
    if (outcomes.includes('answer')) return found(steps, 'the first name that has records ends the walk')
    last = (outcomes.at(-1) ?? 'nodata') as Failure
    nodata ||= last === 'nodata' || last === 'alias'
    const leadsOn = ['nodata', 'alias', 'nxdomain'].includes(last)
    const spared = (last === 'servfail' || last === 'refused') && countLabels(name) === 1
    if (!leadsOn && !spared) return told(last, 'c-ares stops at the first name it gets no proper reply for')
  }
  return told(last === 'nxdomain' && nodata ? 'nodata' : last, 'no name of the walk has such records')
}

/** dns.resolve: the name as it is, without a search list. */
export function* walkNodeResolve(_conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const steps: Steps = { count: 0 }
  const outcomes = yield* ask(steps, asked.name, types)
  const because = 'dns.resolve knows no search list: only the name itself is asked'
  if (outcomes.includes('answer')) return found(steps, because)
  return told((outcomes.at(-1) ?? 'nodata') as Failure, because)
}

function told(outcome: Failure, because: string): Verdict {
  const end = outcome === 'alias' || outcome === 'nodata' ? 'nodata' : outcome === 'nxdomain' ? 'nxdomain' : 'failed'
  return lost(end, reports[outcome], because)
}
