// `bufsize`: the size of UDP messages, both of what clients are sent and of what upstream servers are told they may send.
import { readArgs, readNothing, wrongArgumentCount } from '../corefile/read-block.ts'
import { parseInteger, ValueError } from '../corefile/values.ts'
import { changeQuery, type Query } from '../dns/query.ts'
import { type Reply, silence } from '../dns/reply.ts'
import type { Plugin } from '../plugin.ts'

/** Octets; what passes every network without being cut up (DNS flag day 2020). */
const defaultSize = 1232
const leastSize = 512
const mostSize = 4096

export const bufsize: Plugin<number> = {
  name: 'bufsize',

  /** Of several directives only the first is read, as in CoreDNS. */
  parse([directive]) {
    if (directive === undefined) return defaultSize
    const [text] = readArgs(directive, 0, 1)
    // Braces are well, as long as there is nothing in them: so in CoreDNS.
    readNothing({ ...directive, args: [], emptyBlock: false })
    if (text === undefined) return defaultSize
    const size = parseSize(text)
    if (size === undefined) throw wrongArgumentCount(directive)
    return size
  },

  handler(size) {
    const limit = (reply: Reply): Reply =>
      reply.udpSize === size || reply === silence ? reply : { ...reply, udpSize: size }
    // hot
    return (query, next) => {
      const reply = next(lower(query, size))
      return reply instanceof Promise ? reply.then(limit) : limit(reply)
    }
  },
}

function parseSize(text: string): number | undefined {
  try {
    const size = parseInteger(text)
    return size >= leastSize && size <= mostSize ? size : undefined
  } catch (error) {
    if (error instanceof ValueError) return undefined
    throw error
  }
}

function lower(query: Query, size: number): Query {
  const { edns } = query
  if (edns === undefined || edns.udpSize <= size) return query
  return changeQuery(query, { edns: { ...edns, udpSize: size } })
}
