// `header`: sets and clears flags of questions on their way to the plugins after it, and of the replies that come back.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { wrongArgumentCount } from '../corefile/read-block.ts'
import { changeQuery, type Query } from '../dns/query.ts'
import { type Reply, silence } from '../dns/reply.ts'
import type { Plugin } from '../plugin.ts'

/** What flags are to be; those left out stay as they are. */
interface HeaderConfig {
  readonly query: Partial<Pick<Query, 'recursionDesired'>>
  readonly response: Partial<Pick<Reply, 'authoritative' | 'recursionAvailable' | 'recursionDesired'>>
}

const flags = { aa: 'authoritative', ra: 'recursionAvailable', rd: 'recursionDesired' } as const
type Settings = Partial<Record<(typeof flags)[keyof typeof flags], boolean>>

export const header: Plugin<HeaderConfig> = {
  name: 'header',

  /** The first directive with a rule counts; those after it are not read, and arguments mean nothing, as in CoreDNS. */
  parse(directives) {
    const directive = directives.find(({ block }) => block.length > 0)
    if (directive === undefined) {
      const last = directives.at(-1) as Directive
      throw wrongArgumentCount(last.emptyBlock === true ? { ...last, args: ['}'] } : last)
    }
    return parseRules(directive)
  },

  handler({ query: ofQuery, response }) {
    const change = (reply: Reply): Reply => (reply === silence ? reply : { ...reply, ...response })
    const { recursionDesired } = ofQuery
    return (query, next) => {
      const isSame = recursionDesired === undefined || recursionDesired === query.recursionDesired
      const reply = next(isSame ? query : changeQuery(query, { recursionDesired }))
      return reply instanceof Promise ? reply.then(change) : change(reply)
    }
  },
}

function parseRules(directive: Directive): HeaderConfig {
  const query: Settings = {}
  const response: Settings = {}
  for (const property of directive.block) {
    const selector = property.name.toLowerCase()
    if (selector !== 'query' && selector !== 'response') throw invalidSelector(property, selector)
    Object.assign(selector === 'query' ? query : response, parseRule(property))
    if (property.block.length > 0) throw invalidSelector(property, '{')
  }
  const { recursionDesired } = query
  // No plugin looks at the other flags of a question.
  return { query: recursionDesired === undefined ? {} : { recursionDesired }, response }
}

/** `set FLAG...` or `clear FLAG...`. */
function parseRule(property: Directive): Settings {
  const fail = (problem: string) => new CorefileError(property, `setting up rule: ${problem}`)
  const [action, ...names] = property.args.map((word) => word.toLowerCase())
  if (action === undefined) throw fail('no flag action provided')
  if (names.length === 0) throw fail('invalid length for flags, at least one should be provided')
  if (action !== 'set' && action !== 'clear') {
    throw fail(`unknown flag action=${action}, should be set or clear`)
  }
  const settings: Settings = {}
  for (const name of names) {
    if (name !== 'aa' && name !== 'ra' && name !== 'rd') throw fail(`unknown/unsupported flag=${name}`)
    settings[flags[name]] = action === 'set'
  }
  return settings
}

function invalidSelector(property: Directive, selector: string): CorefileError {
  return new CorefileError(property, `setting up rule: invalid selector=${selector} should be query or response`)
}
