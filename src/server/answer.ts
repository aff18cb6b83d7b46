// From the octets of a question to the octets of its reply: what every transport does with a message.

import { Rcode } from '../dns/codes.ts'
import { decodeQuery, WireError } from '../dns/decode.ts'
import { encodeError, encodeReply } from '../dns/encode.ts'
import type { Client, Query } from '../dns/query.ts'
import { errorReply, type Reply, silence } from '../dns/reply.ts'
import type { Log } from '../log.ts'
import type { Maybe } from '../maybe.ts'
import { Failure, type Next } from '../plugin.ts'
import { ChainEnd } from './chain.ts'

/** Answers one message; undefined where the client is to hear nothing. Never throws or rejects. */
export type Answer = (message: Buffer, client: Client) => Maybe<Buffer | undefined>

/** Replies are written here and copied out at their length; nothing waits between the two. */
const scratch = Buffer.allocUnsafeSlow(65_535)

/** `serve` is asked for every question; it is a function so that a reload can put another in its place. */
export function answerWith(serve: Next, log: Log): Answer {
  const failed = (query: Query, error: unknown): Buffer => {
    // Without the plugin `errors` nobody wants to know.
    if (error instanceof Failure) return encode(query, error.reply)
    if (!(error instanceof ChainEnd)) logFault(log, query.client, error)
    return encode(query, errorReply(Rcode.SERVFAIL))
  }
  const finish = (query: Query, reply: Reply): Buffer | undefined => {
    if (reply === silence) return undefined
    try {
      return encode(query, reply)
    } catch (error) {
      return failed(query, error)
    }
  }
  // hot
  return (message, client) => {
    let query: Query
    try {
      query = decodeQuery(message, client)
    } catch (error) {
      if (error instanceof WireError) return encodeError(message, error)
      logFault(log, client, error)
      return undefined
    }
    try {
      const reply = serve(query)
      if (!(reply instanceof Promise)) return finish(query, reply)
      return reply.then(
        (value) => finish(query, value),
        (error: unknown) => failed(query, error),
      )
    } catch (error) {
      return failed(query, error)
    }
  }
}

function encode(query: Query, reply: Reply): Buffer {
  const length = encodeReply(query, reply, scratch)
  const message = Buffer.allocUnsafe(length)
  scratch.copy(message, 0, 0, length)
  return message
}

/** What no plugin caught is a fault of ours: said in full, in CoreDNS's words. */
function logFault(log: Log, client: Client, error: unknown): void {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  log.error(`Recovered from panic in server: "${client.server}" ${told}`)
}
