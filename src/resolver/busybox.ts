// nslookup of busybox since 1.29, in the form that asks by itself (networking/nslookup.c: add_query_with_search,
// send_queries, nslookup_main; the search list came with 1.30).
import { Type } from '../dns/codes.ts'
import type { ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, join, lost, type Steps, type Walk } from './walk.ts'

/** Characters of a line of resolv.conf that are read as one: the line buffer less its end. */
const maxLine = 511

/**
 * `ndots` is not known: a name with a dot gets nothing from the search list, and one without is never tried by itself. All
 * questions go out at once, first all for A, then all for AAAA, and every reply is printed: those that are negative too, and
 * with one of these the exit code is 1.
 */
export function* walkBusybox(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const steps: Steps = { count: 0 }
  const taken: number[] = []
  let bad = 0
  let silent = 0
  for (const type of types) {
    for (const name of namesOf(conf, asked, type)) {
      if (name === undefined)
        return lost(
          'failed',
          'write to the server fails',
          'a name of the search list makes no name, and nothing is sent',
        )
      const [outcome] = yield* ask(steps, name, [type])
      if (outcome === 'answer' || outcome === 'alias') taken.push(steps.count - 1)
      else if (outcome === 'timeout' || outcome === 'unreachable') silent++
      else if (outcome !== 'nodata') bad++
    }
  }
  const because =
    asked.dots > 0 ? 'a name with a dot is asked as it is, and only so' : 'every name of the search list is asked'
  const report = bad > 0 ? "** server can't find NAME, and exit code 1" : ''
  if (taken.length > 0) return { end: 'found', taken, report, because }
  if (silent === steps.count) return lost('failed', ';; connection timed out; no servers could be reached', because)
  return lost(bad > 0 ? 'nxdomain' : 'nodata', report, because)
}

function namesOf(conf: ResolvConf, asked: Asked, type: number) {
  const search = busyboxSearch(conf)
  if (type === Type.PTR || asked.dots > 0 || asked.absolute || search.length === 0) return [asked.name]
  // `.` among others makes a name with two dots at its end.
  return search.map((domain) => (domain === '.' ? undefined : join(asked, domain)))
}

/** Of the line as far as it is read; `.` alone is no list. */
function busyboxSearch({ search }: ResolvConf): readonly string[] {
  const words = `search ${search.join(' ')}`
    .slice(0, maxLine)
    .split(' ')
    .slice(1)
    .filter((word) => word !== '')
  return words.length === 1 && words[0] === '.' ? [] : words
}
