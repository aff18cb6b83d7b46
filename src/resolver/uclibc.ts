// nslookup of busybox up to 1.28.4: getaddrinfo of its C library, which in the image `busybox:1.28` is uClibc
// (networking/nslookup.c before commit 0dd3be8c; uClibc-ng, libc/inet/resolv.c: __dns_lookup and __open_nameservers).
import { Type } from '../dns/codes.ts'
import type { ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, join, lost, type Steps, type Verdict, type Walk } from './walk.ts'

/** MAXLEN_searchdomain: characters of a line of resolv.conf that are read as one, less the end of the string. */
const maxLine = 127

/**
 * `ndots` is not known: a name with a dot is tried as it is first, one without last. NXDOMAIN and SERVFAIL lead on to the
 * next name. Each type has a walk of its own, AAAA before A.
 */
export function* walkUclibc(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const steps: Steps = { count: 0 }
  const taken: number[] = []
  let worst: Verdict | undefined
  for (const type of [...types].sort((a, b) => b - a)) {
    const verdict: Verdict = yield* walkOne(conf, asked, type, steps)
    taken.push(...verdict.taken)
    worst = verdict
  }
  if (taken.length > 0) {
    return {
      end: 'found',
      taken,
      report: '',
      because: 'each type is looked up by itself, to the first name that has it',
    }
  }
  return worst ?? lost('nodata', '', 'nothing was asked for')
}

function* walkOne(conf: ResolvConf, asked: Asked, type: number, steps: Steps): Walk {
  const hasDot = asked.dots > 0
  const suffixed = type === Type.PTR || asked.absolute ? [] : uclibcSearch(conf).map((domain) => join(asked, domain))
  for (const name of hasDot || asked.absolute ? [asked.name, ...suffixed] : [...suffixed, asked.name]) {
    if (name === undefined) return lost('failed', unresolved, 'a name of the walk is too long')
    const [outcome] = yield* ask(steps, name, [type])
    if (outcome === 'answer') return { end: 'found', taken: [steps.count - 1], report: '', because: '' }
    if (outcome === 'nodata' || outcome === 'alias')
      return lost('nodata', unresolved, 'the first name that exists ends the walk, with records or not')
    if (outcome !== 'nxdomain' && outcome !== 'servfail')
      return lost('failed', unresolved, 'no server gives a proper reply')
  }
  return lost('nxdomain', unresolved, 'no name of the walk exists')
}

const unresolved = "nslookup: can't resolve"

/** The search list as uClibc has it: what is beyond its line buffer is lost, in the middle of a word where need be. */
function uclibcSearch({ search }: ResolvConf): readonly string[] {
  const line = `search ${search.join(' ')}`.slice(0, maxLine)
  return line
    .split(' ')
    .slice(1)
    .filter((word) => word !== '')
}
