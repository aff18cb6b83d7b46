// Questions to the servers of a resolv.conf, each asked once and remembered, and what their replies mean to a client.
import { printRcode, printType, Rcode, Type } from '../dns/codes.ts'
import { type Name, printName } from '../dns/name.ts'
import type { Outcome } from '../resolver/walk.ts'
import { type Answer, askServer, NoReply, type Server } from './ask.ts'
import type { ReplyReport } from './report.ts'

export class Inquiry {
  /** The one that answered last comes first. */
  #servers: readonly Server[]
  readonly #timeoutMs: number
  readonly #replies = new Map<string, Promise<ReplyReport>>()

  constructor(servers: readonly Server[], timeoutMs: number) {
    this.#servers = servers
    this.#timeoutMs = timeoutMs
  }

  /** Never rejects: a server's silence is an outcome too. The next server is asked where one says nothing. */
  ask(name: Name, type: number): Promise<ReplyReport> {
    const key = `${type} ${name}`
    let reply = this.#replies.get(key)
    if (reply === undefined) {
      reply = this.#ask(name, type)
      this.#replies.set(key, reply)
    }
    return reply
  }

  async #ask(name: Name, type: number): Promise<ReplyReport> {
    const started = performance.now()
    const errors: string[] = []
    let outcome: Outcome = 'unreachable'
    let last = ''
    for (const server of this.#servers) {
      last = printServer(server)
      try {
        return {
          ...replyOf(await askServer(server, { name, type }, { timeoutMs: this.#timeoutMs }), type),
          server: last,
        }
      } catch (error) {
        if (!(error instanceof NoReply)) throw error
        errors.push(`${last}: ${error.message}`)
        outcome = error.reason === 'malformed' ? 'error' : error.reason
      }
    }
    const nothing = { rcode: '', records: [], data: [], transport: 'udp', authoritative: false } as const
    const milliseconds = performance.now() - started
    return { ...nothing, type: printType(type), outcome, errors, server: last, milliseconds }
  }
}

export function printServer({ address, port }: Server): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function replyOf(answer: Answer, type: number): Omit<ReplyReport, 'server'> {
  const { rcode, records, errors, transport, authoritative, milliseconds } = answer
  const ofType = records.filter((record) => record.type === type || type === Type.ANY)
  return {
    type: printType(type),
    outcome: outcomeOf(answer, ofType.length),
    rcode: printRcode(rcode),
    records: records.map(
      (record) => `${printName(record.owner)} ${record.ttl} ${printType(record.type)} ${record.text}`,
    ),
    data: ofType.map((record) => record.text),
    errors,
    transport,
    authoritative,
    milliseconds,
  }
}

function outcomeOf({ rcode, records }: Answer, ofType: number): Outcome {
  switch (rcode) {
    case Rcode.NOERROR:
      if (ofType > 0) return 'answer'
      return records.some((record) => record.type === Type.CNAME) ? 'alias' : 'nodata'
    case Rcode.NXDOMAIN:
      return 'nxdomain'
    case Rcode.SERVFAIL:
      return 'servfail'
    case Rcode.REFUSED:
      return 'refused'
    default:
      return 'error'
  }
}
