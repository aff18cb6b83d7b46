// A stanza at work in one worker: which upstream is asked, what becomes of failures, and when it gives up.
import { setTimeout as sleep } from 'node:timers/promises'
import { ExtendedErrorCode, Rcode, Type } from '../../dns/codes.ts'
import { isWithin } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import { FairPlaces } from '../../fair-places.ts'
import { Failure, type Next } from '../../plugin.ts'
import { countBroken, countReject } from './counters.ts'
import type { Destination } from './destination.ts'
import { InFlight } from './in-flight.ts'
import { orderBy } from './policy.ts'
import { type Protocol, type Request, requestOf, sharedKey } from './request.ts'
import { replyFrom } from './response.ts'
import type { Stanza } from './stanza.ts'
import { Upstream } from './upstream.ts'
import { UpstreamError } from './upstream-error.ts'

/** For a question, whatever happens, ms. */
const patience = 5000
/** Upstreams that fail at once are given this long to come back, from the third time on that all are tried, ms. */
const pause = 100

/** Questions of one worker that wait for upstreams, of all stanzas: 3.6 KiB each. Where upstreams answer in 50 ms, as many as 100,000 a second make. */
const maxWaiting = 5000
const waiting = new FairPlaces(maxWaiting)

const refused: Reply = { ...errorReply(Rcode.REFUSED), plugin: 'forward' }

export interface Forwarded {
  readonly reply: Reply
  /** Address and port. */
  readonly upstream: string
}

export class Forwarder {
  readonly #stanza: Stanza
  readonly #upstreams: readonly Upstream[]
  readonly #order = orderBy('random')
  readonly #chosen: (upstreams: readonly Upstream[]) => readonly Upstream[]
  readonly #inFlight = new InFlight<Forwarded>()
  /** For questions that wait, by `max_concurrent`. */
  readonly #places: FairPlaces
  readonly #maxAttempts: number

  /** `to` is that of the stanza with names replaced by addresses; `workers` share `max_concurrent`. */
  constructor(stanza: Stanza, to: readonly Destination[], workers: number) {
    this.#stanza = stanza
    this.#upstreams = to.map((destination) => new Upstream(destination, stanza))
    this.#chosen = orderBy(stanza.policy)
    const { maxConcurrent } = stanza
    this.#places = new FairPlaces(maxConcurrent === 0 ? Number.POSITIVE_INFINITY : Math.ceil(maxConcurrent / workers))
    const attempts = stanza.maxAttempts ?? 2 * to.length
    this.#maxAttempts = attempts === 0 ? Number.POSITIVE_INFINITY : attempts
  }

  /** Is the question one for this stanza? */
  matches({ name }: Query): boolean {
    const { from, except } = this.#stanza
    return isWithin(name, from) && (name === from || !except.some((zone) => isWithin(name, zone)))
  }

  /** Whether a reply is good enough, or the next stanza is to be asked. */
  isFinal({ rcode, answer }: Reply): boolean {
    const { next, nextOnNodata } = this.#stanza
    return !next.includes(rcode) && !(nextOnNodata && rcode === Rcode.NOERROR && answer.length === 0)
  }

  /** Rejects with Failure where no upstream has a reply, or too many questions are being asked. */
  async ask(query: Query): Promise<Forwarded> {
    // A transfer is many messages (RFC 5936 2.2), and no upstream's to give to our clients.
    if (query.type === Type.AXFR) return { reply: refused, upstream: '' }
    const { address } = query.client
    if (!this.#places.take(address)) {
      countReject()
      throw new Failure(`concurrent queries exceeded maximum ${this.#stanza.maxConcurrent}`, refused)
    }
    if (!waiting.take(address)) {
      this.#places.leave(address)
      countReject()
      throw new Failure(`${maxWaiting} queries are waiting for upstreams`, refused)
    }
    try {
      const protocol = this.#protocolFor(query)
      return await this.#inFlight.ask(sharedKey(query, protocol), () => this.#tryAll(requestOf(query), protocol))
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      throw new Failure(error.message, servfail(error), { cause: error })
    } finally {
      waiting.leave(address)
      this.#places.leave(address)
    }
  }

  end(): void {
    for (const upstream of this.#upstreams) upstream.end()
  }

  #protocolFor({ client }: Query): Protocol {
    const { protocol } = this.#stanza
    if (protocol === 'as asked') return client.transport === 'udp' ? 'udp' : 'stream'
    return protocol === 'tcp' ? 'stream' : 'udp'
  }

  /** As CoreDNS: those that are up one after the other, again from the first, until one replies or time or attempts are used up. */
  async #tryAll(request: Request, protocol: Protocol): Promise<Forwarded> {
    const { maxFails, failfast, failover } = this.#stanza
    const deadline = performance.now() + patience
    const list = this.#chosen(this.#upstreams)
    let failed: UpstreamError | undefined
    let attempts = 0
    let replies = 0
    let down = 0
    for (let at = 0; attempts < this.#maxAttempts && performance.now() < deadline; at++) {
      if (at % list.length === 0) down = 0
      let upstream = list[at % list.length] as Upstream
      if (upstream.health.down) {
        down++
        if (down < list.length) continue
        countBroken()
        if (failfast) break
        // Then it is rather the health checks that are broken.
        upstream = this.#order(this.#upstreams)[0] as Upstream
      }
      try {
        const reply = await this.#exchange(upstream, request, protocol, deadline)
        replies++
        if (failover.includes(reply.rcode) && replies < list.length) continue
        return { reply, upstream: upstream.address }
      } catch (error) {
        if (!(error instanceof UpstreamError)) throw error
        failed = error
        if (maxFails > 0) upstream.health.suspect()
        attempts++
        if (down >= list.length) break
        if (attempts >= 2 * list.length && attempts < this.#maxAttempts) await sleep(pause)
      }
    }
    throw failed ?? new UpstreamError('no healthy proxies', { code: ExtendedErrorCode.NO_REACHABLE_AUTHORITY })
  }

  async #exchange(upstream: Upstream, request: Request, protocol: Protocol, deadline: number): Promise<Reply> {
    const timeout = () => Math.max(1, Math.min(this.#stanza.readTimeout, deadline - performance.now()))
    const response = await upstream.exchange(request, protocol, timeout())
    if (response.truncated && protocol === 'udp' && this.#stanza.protocol === 'udp') {
      return replyFrom(await upstream.exchange(request, 'stream', timeout()))
    }
    return replyFrom(response)
  }
}

function servfail({ code, message }: UpstreamError): Reply {
  // Our own address and port are no client's business: who knows the port is half-way to forging replies.
  const text = message.replace(/ \S*->/, ' ')
  return { ...errorReply(Rcode.SERVFAIL, { code, text }), plugin: 'forward' }
}

/** A handler that asks these, in the order of the file, and then `next`. */
export function askInTurn(
  forwarders: readonly Forwarder[],
  note: (query: Query, upstream: string) => void,
): (query: Query, next: Next) => Reply | Promise<Reply> {
  const askFrom = async (query: Query, next: Next, first: number): Promise<Reply> => {
    for (let at = first; at < forwarders.length; at++) {
      const forwarder = forwarders[at] as Forwarder
      if (!forwarder.matches(query)) continue
      const { reply, upstream } = await forwarder.ask(query)
      note(query, upstream)
      // Only another stanza can make more of it; what comes after all of them is not meant.
      if (at === forwarders.length - 1 || forwarder.isFinal(reply)) return reply
    }
    return next(query)
  }
  return (query, next) => {
    const first = forwarders.findIndex((forwarder) => forwarder.matches(query))
    return first < 0 ? next(query) : askFrom(query, next, first)
  }
}
