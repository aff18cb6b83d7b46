// `template`: answers made of the question itself, by templates in Go's language.
import { Rcode, Type } from '../../dns/codes.ts'
import { isWithin, lowerName, root } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { decodeName } from '../../dns/rdata.ts'
import { RecordError } from '../../dns/record-error.ts'
import { errorReply, type Reply, reply } from '../../dns/reply.ts'
import type { Rrset } from '../../dns/rrset.ts'
import { parseRecord } from '../../dns/text.ts'
import { after, type Maybe } from '../../maybe.ts'
import { counter } from '../../metrics.ts'
import type { Plugin, WorkerContext } from '../../plugin.ts'
import { executeTemplate } from './execute.ts'
import { compileMatcher, longestZone, type Match, type Matcher } from './match.ts'
import { parseRule, type Rule, type Section } from './rule.ts'
import { parseTemplate, type Template } from './syntax.ts'
import { ExecutionError } from './values.ts'

/** Of records that give none, seconds. */
const defaultTtl = 3600

const labels = ['server', 'zone', 'view', 'class', 'type'] as const
const failureLabels = [...labels, 'section', 'template'] as const
const matchesTotal = counter('coredns_template_matches_total', 'Counter of template regex matches.', labels)
const templateFailuresTotal = counter(
  'coredns_template_template_failures_total',
  'Counter of go template failures.',
  failureLabels,
)
const recordFailuresTotal = counter(
  'coredns_template_rr_failures_total',
  'Counter of mis-templated RRs.',
  failureLabels,
)

interface CompiledRule extends Rule {
  readonly match: Matcher
  readonly records: readonly RecordTemplate[]
}

interface RecordTemplate {
  readonly section: Section
  readonly source: string
  readonly template: Template
}

export const template: Plugin<readonly Rule[]> = {
  name: 'template',

  parse(directives, block) {
    return directives.map((directive) => parseRule(directive, block))
  },

  handler(rules, context) {
    const zones = rules.flatMap((rule) => rule.zones)
    const compiled: readonly CompiledRule[] = rules.map((rule) => ({
      ...rule,
      match: compileMatcher(rule),
      records: rule.templates.map((record) => ({ ...record, template: parseTemplate(record.section, record.source) })),
    }))
    // hot
    return (query, next) => {
      if (longestZone(query.name, zones) === undefined) return next(query)
      for (const rule of compiled) {
        const match = rule.match(query)
        if (match === 'elsewhere') continue
        if (match !== 'unmatched') return answer(rule, match, query, context)
        if (!rule.fallthrough.some((zone) => isWithin(query.name, zone))) return errorReply(Rcode.SERVFAIL)
      }
      return next(query)
    }
  },
}

function answer(rule: CompiledRule, match: Match, query: Query, context: WorkerContext): Maybe<Reply> {
  const values = [query.client.server, match.zone, query.view ?? '', match.class, match.type] as const
  matchesTotal.with(...values).inc()
  if (rule.rcode === Rcode.SERVFAIL) return errorReply(Rcode.SERVFAIL)
  const sections: Record<Section, Rrset[]> = { answer: [], authority: [], additional: [] }
  for (const record of rule.records) {
    sections[record.section].push(makeRecord(record, match, query, { context, labels: values }))
  }
  const made = reply({
    ...sections,
    rcode: rule.rcode,
    authoritative: true,
    errors: rule.error === undefined ? [] : [rule.error],
    plugin: 'template',
  })
  return query.type === Type.A || query.type === Type.AAAA ? chase(made, query, context) : made
}

function makeRecord(
  { section, source, template }: RecordTemplate,
  match: Match,
  query: Query,
  around: { readonly context: WorkerContext; readonly labels: readonly [string, string, string, string, string] },
): Rrset {
  try {
    const text = executeTemplate(template, {
      fields: match.fields,
      meta: (key) => around.context.offers.get(key.split('/', 1)[0] ?? '')?.metadata?.(query, key) ?? '',
    })
    return parseRecord(text, root, defaultTtl)
  } catch (error) {
    if (!(error instanceof ExecutionError || error instanceof RecordError)) throw error
    const failures = error instanceof RecordError ? recordFailuresTotal : templateFailuresTotal
    failures.with(...around.labels, section, source).inc()
    throw new Error(`template: ${section} ${JSON.stringify(source)}: ${error.message}`, { cause: error })
  }
}

/** Behind each alias stands what the server itself answers for its target; where that is nothing, nothing. */
function chase(made: Reply, query: Query, context: WorkerContext): Maybe<Reply> {
  let done: Maybe<Reply> = { ...made, answer: [] }
  for (const rrset of made.answer) {
    done = after(done, (before): Maybe<Reply> => {
      const answer = [...before.answer, rrset]
      const [rdata] = rrset.rdatas
      if (rrset.type !== Type.CNAME || rdata === undefined) return { ...before, answer }
      const target = decodeName(rdata)
      return after(context.ask(withQuestion(query, target, lowerName(target))), (found) => ({
        ...before,
        answer: [...answer, ...found.answer],
        truncated: found.truncated,
      }))
    })
  }
  return done
}
