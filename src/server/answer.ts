// From the octets of a question to the octets of its reply: what every transport does with a message.

import { Rcode } from '../dns/codes.ts'
import { decodeQuery, WireError } from '../dns/decode.ts'
import { encodeError, encodeReply } from '../dns/encode.ts'
import { encodeTransfer } from '../dns/encode-transfer.ts'
import type { Client, Query } from '../dns/query.ts'
import { errorReply, type Reply, silence } from '../dns/reply.ts'
import type { Rrset } from '../dns/rrset.ts'
import type { Log } from '../log.ts'
import { Failure, type Next } from '../plugin.ts'
import { panics } from '../query-metrics.ts'
import { ChainEnd } from './chain.ts'

/**
 * Answers a message, the first `size` octets of `message`. What needs no waiting is written at the beginning of `into`, and
 * its length returned; the rest comes in a buffer of its own. 0, or undefined, where the client is to hear nothing.
 * Never throws or rejects. `message` is not looked at after the call.
 */
export type Answer = (message: Buffer, size: number, client: Client, into: Buffer) => number | Promise<Answered>

/**
 * A message, or nothing; or, over TCP and TLS only, the messages of a transfer. Each of those is made when it is asked for.
 * Where that throws, which was logged, the client must see that the rest is missing.
 */
export type Answered = Buffer | Iterable<Buffer> | undefined

/** Replies that had to be waited for are written here and copied out at their length. */
const scratch = Buffer.allocUnsafeSlow(65_535)

/** `serve` is asked for every question; it is a function so that a reload can put another in its place. */
export function answerWith(serve: Next, log: Log): Answer {
  const failed = (query: Query, error: unknown, into: Buffer): number => {
    // Without the plugin `errors` nobody wants to know.
    if (error instanceof Failure) return encodeReply(query, error.reply, into)
    if (!(error instanceof ChainEnd)) logFault(log, query.client, error)
    return encodeReply(query, errorReply(Rcode.SERVFAIL), into)
  }
  const finish = (query: Query, reply: Reply, into: Buffer): number => {
    if (reply === silence) return 0
    try {
      return encodeReply(query, reply, into)
    } catch (error) {
      return failed(query, error, into)
    }
  }
  const finishLater = (query: Query, reply: Reply): Answered =>
    isTransfer(query, reply) ? messagesOf(query, reply, log) : copyOut(finish(query, reply, scratch))
  // hot
  return (message, size, client, into) => {
    let query: Query
    try {
      query = decodeQuery(message, client, size)
    } catch (error) {
      if (error instanceof WireError) return encodeError(message, error)?.copy(into) ?? 0
      logFault(log, client, error)
      return 0
    }
    try {
      const reply = serve(query)
      if (!(reply instanceof Promise)) {
        return isTransfer(query, reply) ? Promise.resolve(messagesOf(query, reply, log)) : finish(query, reply, into)
      }
      return reply.then(
        (value) => finishLater(query, value),
        (error: unknown) => copyOut(failed(query, error, scratch)),
      )
    } catch (error) {
      return failed(query, error, into)
    }
  }
}

type Transfer = Reply & { readonly transfer: Iterable<Rrset> }

function isTransfer({ client }: Query, reply: Reply): reply is Transfer {
  return reply.transfer !== undefined && (client.transport === 'tcp' || client.transport === 'tls')
}

function* messagesOf(query: Query, reply: Transfer, log: Log): Generator<Buffer> {
  try {
    yield* encodeTransfer(query, reply, reply.transfer)
  } catch (error) {
    logFault(log, query.client, error)
    throw error
  }
}

function copyOut(length: number): Buffer | undefined {
  return length === 0 ? undefined : Buffer.from(scratch.subarray(0, length))
}

/** What no plugin caught is a fault of ours: said in full, in CoreDNS's words. */
function logFault(log: Log, client: Client, error: unknown): void {
  panics.inc()
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  log.error(`Recovered from panic in server: "${client.server}" ${told}`)
}
