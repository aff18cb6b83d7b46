// getaddrinfo and res_search of glibc (resolv.conf(5); resolv/res_query.c: __res_context_search and
// __res_context_query; resolv/res_send.c: send_dg). Also what programs use that leave it to the C library: Python, Node's
// dns.lookup, Java, curl, getent.
import { Type } from '../dns/codes.ts'
import { hasOption, numericOption, type ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, found, join, lost, type Outcome, type Steps, type Verdict, type Walk } from './walk.ts'

/** RES_MAXNDOTS. */
const mostDots = 15

type Failure = Exclude<Outcome, 'answer' | 'alias'>

const reports: Readonly<Record<Failure, string>> = {
  nodata: 'EAI_NODATA: No address associated with hostname',
  nxdomain: 'EAI_NONAME: Name or service not known',
  servfail: 'EAI_AGAIN: Temporary failure in name resolution',
  refused: 'EAI_AGAIN: Temporary failure in name resolution',
  timeout: 'EAI_AGAIN: Temporary failure in name resolution',
  unreachable: 'EAI_AGAIN: Temporary failure in name resolution',
  error: 'EAI_FAIL: Non-recoverable failure in name resolution',
}

/** Names with at least `ndots` dots are tried as they are first, all others last. */
export function* walkGlibc(conf: ResolvConf, asked: Asked, allTypes: readonly number[]): Walk {
  const types = hasOption(conf, 'no-aaaa') ? allTypes.filter((type) => type !== Type.AAAA) : allTypes
  const ndots = Math.min(numericOption(conf, 'ndots', 1), mostDots)
  const steps: Steps = { count: 0 }
  let first: Failure | undefined
  if (asked.absolute || asked.dots >= ndots) {
    const outcome = combine(yield* ask(steps, asked.name, types))
    if (outcome === 'answer' || outcome === 'alias') return ending(steps, outcome, 'as it is')
    if (asked.absolute) return failure(outcome, 'a name with a trailing dot is tried as it is, and only so')
    first = outcome
  }
  let last: Failure = first ?? 'nxdomain'
  let nodata = false
  let servfail = false
  let root = false
  for (const domain of conf.search) {
    const name = join(asked, domain)
    // Too long to be sent: NO_RECOVERY, which ends the search.
    if (name === undefined) {
      last = 'error'
      break
    }
    root ||= name === asked.name
    const outcome = combine(yield* ask(steps, name, types))
    if (outcome === 'answer' || outcome === 'alias') return ending(steps, outcome, `with ${domain} of the search list`)
    last = outcome
    if (outcome === 'unreachable') return failure(outcome, 'no server is there')
    nodata ||= outcome === 'nodata'
    servfail ||= outcome === 'servfail'
    if (outcome !== 'nodata' && outcome !== 'nxdomain' && outcome !== 'servfail') break
  }
  const wantsBare = asked.dots > 0 || conf.search.length === 0 || !hasOption(conf, 'no-tld-query')
  if (wantsBare && first === undefined && !root) {
    const outcome = combine(yield* ask(steps, asked.name, types))
    if (outcome === 'answer' || outcome === 'alias') return ending(steps, outcome, 'as it is')
    last = outcome
  }
  const told = first ?? (nodata ? 'nodata' : servfail ? 'servfail' : last)
  return failure(told, 'no name of the walk has such records')
}

/**
 * Both types of a name make one outcome: records of either suffice. An error of one counts only where the other has nothing
 * better, and NXDOMAIN of either is NXDOMAIN.
 */
function combine(outcomes: readonly Outcome[]): Outcome {
  const proper = outcomes.filter((outcome) => ['answer', 'alias', 'nodata', 'nxdomain'].includes(outcome))
  for (const outcome of ['answer', 'alias', 'nxdomain', 'nodata'] as const) if (proper.includes(outcome)) return outcome
  return outcomes[0] ?? 'nodata'
}

function ending(steps: Steps, outcome: 'answer' | 'alias', how: string): Verdict {
  if (outcome === 'answer') return found(steps, `the first name that has records ends the walk: ${how}`)
  return lost('nodata', reports.nodata, `a CNAME ends the walk, even one that leads nowhere: ${how}`)
}

function failure(outcome: Failure, because: string): Verdict {
  return lost(outcome === 'nodata' || outcome === 'nxdomain' ? outcome : 'failed', reports[outcome], because)
}
