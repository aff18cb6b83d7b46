// What a whole walk amounts to: the one cause of a failure among all that was found out, and notes beside it.
import { countLabels, isWithin, labelsOf, lowerName, type Name, printName } from '../dns/name.ts'
import { walkGlibc } from '../resolver/glibc.ts'
import { numericOption } from '../resolver/resolv-conf.ts'
import { join, parseAsked } from '../resolver/walk.ts'
import type { Explained } from './explain.ts'
import type { Inquiry } from './inquiry.ts'
import { type Insight, missing, note } from './insight.ts'
import { bare, nameInsights } from './name-insight.ts'
import type { StepReport } from './report.ts'
import { resolve, type Tried, type Walked } from './resolution.ts'

export async function findings(
  subject: Explained,
  walked: Walked,
  steps: readonly StepReport[],
  inquiry: Inquiry,
): Promise<readonly Insight[]> {
  const notes = [...unread(subject), ...amplification(subject, walked)]
  if (walked.verdict.end === 'found') {
    const told = steps.filter((step) => step.taken).flatMap((step) => step.insights)
    return once([...told.filter(({ kind }) => kind !== 'missing'), ...notes])
  }
  const causes = [
    ...steps.flatMap((step) => step.insights).filter(({ kind }) => kind === 'missing'),
    ...walked.tried.flatMap((tried) => outside(tried, subject)),
    ...(await otherWays(subject, walked, inquiry)),
    ...clusterSearch(subject),
    missing(0, 'no-such-name', 'no name that was tried has such records'),
  ]
  const cause = causes.reduce((most, each) => (each.weight > most.weight ? each : most))
  return once([
    cause,
    ...steps.flatMap((step) => step.insights).filter(({ cause: one }) => one === 'out-of-date'),
    ...notes,
  ])
}

function once(insights: readonly Insight[]): Insight[] {
  const seen = new Set<string>()
  return insights.filter(({ text }) => !seen.has(text) && seen.add(text))
}

function unread({ view }: Explained): Insight[] {
  return (view?.unread ?? []).map(({ kind, why }) => note('unread', `${kind} of the cluster couldn't be read: ${why}`))
}

/** How many questions the search list costs a name that isn't in it. */
function amplification({ conf, types, asked }: Explained, { tried, verdict }: Walked): Insight[] {
  const { name, absolute } = parseAsked(asked)
  const last = tried.at(-1)
  if (absolute || tried.length < 2 || last?.name !== name || verdict.end !== 'found') return []
  const sent = tried.reduce((sum, { types: each }) => sum + each.length, 0)
  const text = `ndots:${numericOption(conf, 'ndots', 1)} sends ${sent} queries for this name; a trailing dot (${printName(name)}) sends ${types.length}`
  return [
    note('ndots-amplification', text, `write the dot, or set ndots to ${countLabels(name) - 1} in the pod's dnsConfig`),
  ]
}

const publicSuffixes = [
  'com',
  'net',
  'org',
  'edu',
  'gov',
  'mil',
  'int',
  'info',
  'biz',
  'io',
  'dev',
  'app',
  'cloud',
  'arpa',
  'example',
  'test',
]

/** A name that the cluster doesn't answer for: its upstream does, or nobody. */
function outside({ name, replies }: Tried, { zone }: Explained): Insight[] {
  const labels = labelsOf(lowerName(name))
  const tail = labels.at(-1) ?? ''
  const inside = isWithin(lowerName(name), zone)
  const isPublic = !inside && labels.length > 1 && (tail.length === 2 || publicSuffixes.includes(tail))
  const outcomes = new Set(replies.map((reply) => reply.outcome))
  const errors = [...new Set(replies.flatMap((reply) => reply.errors))]
  const why = errors.length > 0 ? ` (${errors.join('; ')})` : ''
  const text = printName(name)
  const failing = outcomes.has('servfail') ? 'SERVFAIL' : outcomes.has('timeout') ? 'no reply' : undefined
  if (failing !== undefined && inside) {
    const advice = 'see the log and /ready of the server: it may not have read the cluster yet'
    return [
      missing(3.8, 'server-disagrees', `the server gives ${failing} for ${text}, a name of its own${why}`, advice),
    ]
  }
  if (failing !== undefined) {
    const told = `the server gives ${failing} for ${text}, which is not a name of the cluster, so its upstream is at fault${why}`
    // A lone label is no name that upstream servers know; it says little.
    return [
      missing(
        labels.length > 1 ? 4 : 1.2,
        'upstream-down',
        told,
        'check the upstream servers that the server forwards to',
      ),
    ]
  }
  if (outcomes.has('refused') && !inside) {
    const told = `${text} is not a name of the cluster, and the server refuses it: it forwards nothing there`
    return [missing(isPublic ? 3 : 0.5, 'refused', told, 'is there a `forward` for names outside the cluster?')]
  }
  if (outcomes.has('nxdomain') && !inside)
    return [
      missing(
        isPublic ? 1.6 : 0.2,
        'no-such-name',
        `${text} is not a name of the cluster, and its upstream says that it does not exist`,
      ),
    ]
  return []
}

/** Would it have been found without the trailing dot, or by other rules? */
async function otherWays(subject: Explained, { verdict }: Walked, inquiry: Inquiry): Promise<Insight[]> {
  const { asked, conf, types, resolver } = subject
  const { absolute } = parseAsked(asked)
  if (absolute) {
    const without = await resolve(walkGlibc, conf, asked.replace(/\.$/, ''), types, inquiry)
    if (without.verdict.end !== 'found') return []
    const text = `the trailing dot makes \`${asked}\` a whole name, so that the search list is not used; without it there is ${nameFound(without)}`
    return [missing(3.4, 'trailing-dot', text, `leave out the dot, or ask for ${nameFound(without)}`)]
  }
  if (resolver.walk === walkGlibc) return []
  const glibc = await resolve(walkGlibc, conf, asked, types, inquiry)
  if (glibc.verdict.end !== 'found') return []
  const text = `${resolver.title} does not find it, though glibc would, as ${nameFound(glibc)}: ${verdict.because}`
  return [missing(5, 'resolver-rule', text, `ask for ${nameFound(glibc)}`)]
}

function nameFound({ tried, verdict }: Walked): string {
  return printName(tried[verdict.taken[0] ?? 0]?.name as Name)
}

/** A pod whose resolv.conf lacks the cluster's search list, because of its dnsPolicy. */
function clusterSearch({ asked: text, conf, namespace, zone, view, types }: Explained): Insight[] {
  const domains = [...(namespace === '' ? [] : [`${namespace}.svc.${bare(zone)}`]), `svc.${bare(zone)}`, bare(zone)]
  const asked = parseAsked(text)
  if (view === undefined || asked.absolute || isWithin(lowerName(asked.name), zone)) return []
  for (const domain of domains.filter((each) => !conf.search.includes(each))) {
    const name = join(asked, domain)
    if (name === undefined) continue
    const insights = nameInsights(name, types[0] ?? 1, view, zone)
    if (!insights.some(({ kind, cause }) => kind === 'made' && cause !== 'made-by-schema')) continue
    const list = conf.search.join(' ') || 'empty'
    const told = `the cluster has ${printName(name)}, but \`${domain}\` is not in the pod's search list, which is ${list}`
    return [
      missing(
        4.5,
        'no-cluster-search',
        told,
        `ask for ${printName(name)}, or give the pod dnsPolicy ClusterFirst (in the host network: ClusterFirstWithHostNet)`,
      ),
    ]
  }
  return []
}
