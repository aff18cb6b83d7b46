// getaddrinfo of musl, which is Alpine's C library (src/network/lookup_name.c: name_from_dns_search and name_from_dns;
// resolvconf.c; res_msend.c).
import { Type } from '../dns/codes.ts'
import { numericOption, type ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, found, join, lost, type Outcome, type Steps, type Verdict, type Walk } from './walk.ts'

const mostDots = 15
/** Octets of a line of resolv.conf with its newline: the line buffer less its end. */
const maxLine = 255

/**
 * The search list is for names with fewer than `ndots` dots, and the name by itself comes last. Only NXDOMAIN leads on to
 * the next name. res_search, which is for other types than addresses, has no search list at all.
 */
export function* walkMusl(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const ndots = Math.min(numericOption(conf, 'ndots', 1), mostDots)
  const addresses = types.every((type) => type === Type.A || type === Type.AAAA)
  const steps: Steps = { count: 0 }
  if (addresses && !asked.absolute && asked.dots < ndots) {
    for (const domain of muslSearch(conf)) {
      const name = join(asked, domain)
      // What can't be encoded counts as NXDOMAIN; so does `.`, for its name would end with two dots.
      if (name === undefined || name === asked.name) continue
      const verdict = judge(steps, yield* ask(steps, name, types))
      if (verdict !== undefined) return verdict
    }
  }
  const verdict = judge(steps, yield* ask(steps, asked.name, types))
  return verdict ?? lost('nxdomain', 'EAI_NONAME: Name does not resolve', 'no name of the walk exists')
}

/** The search list as musl has it: a line that is longer than its buffer is skipped whole. */
export function muslSearch({ search }: ResolvConf): readonly string[] {
  return `search ${search.join(' ')}\n`.length > maxLine ? [] : search
}

/** Undefined where the next name is tried. A is looked at before AAAA. Other rcodes are ignored until the time is over. */
function judge(steps: Steps, outcomes: readonly Outcome[]): Verdict | undefined {
  for (const outcome of outcomes) {
    if (outcome === 'nxdomain') return undefined
    if (outcome === 'answer' || outcome === 'alias' || outcome === 'nodata') continue
    return lost('failed', 'EAI_AGAIN: Try again', 'musl stops at the first name it gets no proper reply for')
  }
  if (outcomes.includes('answer')) return found(steps, 'the first name that exists ends the walk')
  return lost(
    'nodata',
    'EAI_NODATA: Name has no usable address',
    'the first name that exists ends the walk, with addresses or not',
  )
}
