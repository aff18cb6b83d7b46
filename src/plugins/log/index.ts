// `log`: a line for each query, in a format of the operator's, where name and outcome are of interest.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { readBlock, wrongArgumentCount } from '../../corefile/read-block.ts'
import { Rcode } from '../../dns/codes.ts'
import { isWithin, lowerName, type Name, NameError, parseName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply, silence } from '../../dns/reply.ts'
import { type ReplyKind, replyKind } from '../../dns/reply-kind.ts'
import type { Maybe } from '../../maybe.ts'
import { Failure, type Next, type Plugin } from '../../plugin.ts'
import { combinedFormat, commonFormat, compileFormat } from './format.ts'

const classes = ['success', 'denial', 'error', 'all'] as const
type LogClass = (typeof classes)[number]

/** Which queries are logged, and how. */
interface Rule {
  /** Lower-cased; queries for it and for names below it. */
  readonly zone: Name
  readonly format: string
  readonly classes: readonly LogClass[]
}

export const log: Plugin<readonly Rule[]> = {
  name: 'log',

  parse(directives) {
    return directives.flatMap(parseRules)
  },

  /** Of several rules for a name the first one counts, whatever its classes. */
  handler(rules, context) {
    const compiled = rules.map((rule) => ({ ...rule, print: compileFormat(rule.format) }))
    const record = (rule: (typeof compiled)[number], query: Query, reply: Reply, start: number) => {
      const kind = reply === silence ? 'OTHERERROR' : replyKind(query, reply)
      const logClass = classOf(kind)
      if (!rule.classes.includes('all') && !rule.classes.includes(logClass)) return
      const own: Readonly<Record<string, string>> = { 'log/type': kind, 'log/class': logClass }
      const line = rule.print({
        query,
        reply: reply === silence ? undefined : reply,
        duration: performance.now() - start,
        metadata: (key) => own[key] ?? context.offers.get(key.split('/', 1)[0] ?? '')?.metadata?.(query, key),
      })
      context.log.raw(`[INFO] ${line}\n`)
    }
    const follow = (rule: (typeof compiled)[number], query: Query, next: Next): Maybe<Reply> => {
      const start = performance.now()
      const done = (reply: Reply): Reply => {
        record(rule, query, reply, start)
        return reply
      }
      const failed = (error: unknown): never => {
        // What the client gets is up to those before us; it is what they make of every error.
        record(rule, query, error instanceof Failure ? error.reply : errorReply(Rcode.SERVFAIL), start)
        throw error
      }
      let reply: Maybe<Reply>
      try {
        reply = next(query)
      } catch (error) {
        return failed(error)
      }
      return reply instanceof Promise ? reply.then(done, failed) : done(reply)
    }
    // hot
    return (query, next) => {
      for (const rule of compiled) if (isWithin(query.name, rule.zone)) return follow(rule, query, next)
      return next(query)
    }
  },
}

/** `log`, `log NAME`, `log NAME... FORMAT`: one argument alone is always a name. */
function parseRules(directive: Directive): Rule[] {
  const last = directive.args.at(-1) ?? ''
  const hasFormat = directive.args.length > 1 && last.includes('{')
  const format = hasFormat
    ? last.replaceAll('{common}', commonFormat).replaceAll('{combined}', combinedFormat)
    : commonFormat
  const names = directive.args.length === 0 ? ['.'] : hasFormat ? directive.args.slice(0, -1) : directive.args
  const chosen: LogClass[] = []
  readBlock(directive, {
    class: (property) => {
      if (property.args.length === 0) throw wrongArgumentCount(property)
      chosen.push(...property.args.map((word) => parseClass(word, property)))
    },
  })
  const ruleClasses: readonly LogClass[] = chosen.length === 0 ? ['all'] : chosen
  return names.flatMap((name) => parseScope(name).map((zone) => ({ zone, format, classes: ruleClasses })))
}

/** What is no domain name is left out, as no query could be for it; CoreDNS takes it too. */
function parseScope(name: string): Name[] {
  try {
    return [lowerName(parseName(name))]
  } catch (error) {
    if (error instanceof NameError) return []
    throw error
  }
}

function parseClass(word: string, property: Directive): LogClass {
  const found = classes.find((name) => name === word)
  if (found === undefined) throw new CorefileError(property, `invalid Class: ${word}`)
  return found
}

function classOf(kind: ReplyKind): LogClass {
  if (kind === 'NOERROR' || kind === 'DELEGATION') return 'success'
  return kind === 'NXDOMAIN' || kind === 'NODATA' ? 'denial' : 'error'
}
