// The walk over a search path: which of its names a question is answered by.
//
// That is decided for the name, never for one type of it. A name is there if it has A or AAAA records; if not, it isn't there
// where either type says so; else it is there without records. So both questions of a client end at the same name, whatever is
// broken, and a resolver that asks for both would have gone on from the same names.
import { Rcode, Type } from '../../dns/codes.ts'
import { maxName, type Name } from '../../dns/name.ts'
import { type Query, withQuestion } from '../../dns/query.ts'
import { encodeName } from '../../dns/rdata.ts'
import { type Reply, silence } from '../../dns/reply.ts'
import { rrset } from '../../dns/rrset.ts'
import type { Log } from '../../log.ts'
import { after, attempt, type Maybe } from '../../maybe.ts'
import { counter } from '../../metrics.ts'
import type { Next } from '../../plugin.ts'

const successes = counter('coredns_autopath_success_total', 'Counter of requests that did autopath.', ['server'])

/** What came of a question: a reply, or what was thrown. */
type Outcome = { readonly reply: Reply } | { readonly error: unknown }

/** What it says of the name. `nothing`: it failed. */
type Saying = 'records' | 'no records' | 'no name' | 'nothing'

const siblings: ReadonlyMap<number, number> = new Map([
  [Type.A, Type.AAAA],
  [Type.AAAA, Type.A],
])

/**
 * Asks `next` for the query's name with each domain of the path, its first, in place of that, and answers by the first name
 * that is there: behind a CNAME that leads from the query's name to it. Where none is, what was said of the first.
 */
export function walkSearchPath(query: Query, path: readonly Name[], next: Next, log: Log): Maybe<Reply> {
  return new SearchWalk(query, path, next, log).from(0)
}

class SearchWalk {
  readonly #query: Query
  readonly #path: readonly Name[]
  readonly #next: Next
  readonly #log: Log
  /** What was said of the query's own name, once it is known not to be there. */
  #denial: Reply | undefined

  constructor(query: Query, path: readonly Name[], next: Next, log: Log) {
    this.#query = query
    this.#path = path
    this.#next = next
    this.#log = log
  }

  /** `at`: the number of the domain to go on with. */
  from(at: number): Maybe<Reply> {
    const candidate = this.#candidate(at)
    if (candidate === 'end') {
      if (this.#denial === undefined) throw new RangeError('no names to walk')
      return this.#denial
    }
    if (candidate === undefined) return this.from(at + 1)
    return after(this.#ask(candidate), (own) => {
      const sibling = siblings.get(candidate.type)
      if (sibling === undefined || saysAll(own)) return this.#decide(candidate, at, own, own)
      return after(this.#ask(withQuestion(candidate, candidate.asked, candidate.name, sibling)), (other) =>
        this.#decide(candidate, at, own, other),
      )
    })
  }

  /** Undefined where it was asked for before, or would be too long for a name. */
  #candidate(at: number): Query | undefined | 'end' {
    const domain = this.#path[at]
    if (domain === undefined) return 'end'
    if (at === 0) return this.#query
    const { name, asked } = this.#query
    const end = name.length - (this.#path[0] as Name).length
    if (end + domain.length > maxName || this.#path.indexOf(domain) < at) return undefined
    return withQuestion(this.#query, (asked.slice(0, end) + domain) as Name, (name.slice(0, end) + domain) as Name)
  }

  #decide(candidate: Query, at: number, own: Outcome, other: Outcome): Maybe<Reply> {
    const found = [sayingOf(own), sayingOf(other)]
    if (!found.includes('records') && found.includes('no name')) return this.#goOn(at, own, other)
    return this.#answer(candidate, own)
  }

  #goOn(at: number, own: Outcome, other: Outcome): Maybe<Reply> {
    for (const outcome of [own, other]) {
      if ('error' in outcome) this.#log.debug(`one of two types failed: ${outcome.error}`)
      else if (outcome.reply.rcode === Rcode.NXDOMAIN) this.#denial ??= outcome.reply
    }
    return this.from(at + 1)
  }

  #ask(query: Query): Maybe<Outcome> {
    return attempt<Reply, Outcome>(
      () => this.#next(query),
      (reply) => ({ reply }),
      (error) => ({ error }),
    )
  }

  #answer(candidate: Query, outcome: Outcome): Reply {
    if ('error' in outcome) throw outcome.error
    const reply = asNodata(outcome.reply)
    if (reply === silence || reply.rcode !== Rcode.NOERROR) return reply
    successes.with(this.#query.client.server).inc()
    const [first] = reply.answer
    // An alias that leads to nothing would keep clients from walking on by themselves.
    if (candidate === this.#query || first === undefined) return reply
    const alias = rrset(this.#query.asked, Type.CNAME, first.ttl, [encodeName(candidate.asked)])
    // Nobody has signed this alias.
    return { ...reply, authenticData: false, answer: [alias, ...reply.answer] }
  }
}

function sayingOf(outcome: Outcome): Saying {
  if ('error' in outcome || outcome.reply === silence) return 'nothing'
  const { rcode, answer } = outcome.reply
  if (rcode === Rcode.NXDOMAIN) return 'no name'
  if (rcode !== Rcode.NOERROR) return 'nothing'
  return answer.length > 0 ? 'records' : 'no records'
}

/** Records need no second opinion; what is straight from the watch is said of the name; what was dropped is to stay unsaid. */
function saysAll(outcome: Outcome): boolean {
  if ('error' in outcome) return false
  return outcome.reply.fresh || outcome.reply === silence || sayingOf(outcome) === 'records'
}

/** A name that is there for the other type exists, though without this one. */
function asNodata(reply: Reply): Reply {
  return reply.rcode === Rcode.NXDOMAIN ? { ...reply, rcode: Rcode.NOERROR } : reply
}
