// Go's own resolver (package net, dnsclient_unix.go: nameList, goLookupIPCNAME, lookup; dnsconfig_unix.go).
import { numericOption, type ResolvConf } from './resolv-conf.ts'
import { type Asked, ask, found, join, lost, type Outcome, type Steps, type Walk } from './walk.ts'

const mostDots = 15

/**
 * Names with at least `ndots` dots are tried as they are first, all others last. Every failure leads on to the next name:
 * NXDOMAIN, no records, SERVFAIL, and no reply at all. The error told is that of the name by itself.
 */
export function* walkGo(conf: ResolvConf, asked: Asked, types: readonly number[]): Walk {
  const ndots = Math.min(numericOption(conf, 'ndots', 1), mostDots)
  const steps: Steps = { count: 0 }
  const suffixed = conf.search.filter((domain) => domain !== '.').flatMap((domain) => join(asked, domain) ?? [])
  const names = asked.absolute
    ? [asked.name]
    : asked.dots >= ndots
      ? [asked.name, ...suffixed]
      : [...suffixed, asked.name]
  let told: Outcome = 'nxdomain'
  let isFirst = true
  for (const name of names) {
    const outcomes = yield* ask(steps, name, types)
    if (outcomes.includes('answer')) return found(steps, 'the first name that has records ends the walk')
    if (isFirst || name === asked.name) told = outcomes.at(-1) ?? told
    isFirst = false
  }
  const because = 'no name of the walk has such records'
  switch (told) {
    case 'nodata':
    case 'alias':
      return lost('nodata', 'no such host', because)
    case 'nxdomain':
      return lost('nxdomain', 'no such host', because)
    case 'timeout':
      return lost('failed', 'i/o timeout', because)
    case 'unreachable':
      return lost('failed', 'connection refused', because)
    default:
      return lost('failed', 'server misbehaving', because)
  }
}
