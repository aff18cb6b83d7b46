// A client's question as an upstream is asked it.
import { Opcode, Option } from '../../dns/codes.ts'
import { encodeMessage } from '../../dns/encode.ts'
import { message } from '../../dns/message.ts'
import type { Name } from '../../dns/name.ts'
import type { Edns, EdnsOption, Query } from '../../dns/query.ts'

/** How an upstream is asked: by datagrams or over a connection. */
export type Protocol = 'udp' | 'stream'

export interface Request {
  /** The message; its ID is put in as it is sent. */
  readonly octets: Buffer
  /** Lower-cased. */
  readonly name: Name
  readonly type: number
  readonly class: number
  readonly opcode: number
}

/** Replies over UDP, at most, octets: larger ones are fragmented on their way and lost (DNS flag day 2020). */
const maxUdpSize = 1232
const minUdpSize = 512

/**
 * Options between two neighbours (RFC 7873 4, RFC 7828 3.2, RFC 7830 4). The client's are not for the upstream, nor the
 * upstream's for the client.
 */
const hopByHop: ReadonlySet<number> = new Set([Option.COOKIE, Option.TCP_KEEPALIVE, Option.PADDING])

/** Those for whoever is at the other end. */
export function endToEnd(options: readonly EdnsOption[]): readonly EdnsOption[] {
  return options.some(({ code }) => hopByHop.has(code)) ? options.filter(({ code }) => !hopByHop.has(code)) : options
}

export function requestOf(query: Query): Request {
  const { name, asked, type, class: questionClass, opcode } = query
  const { recursionDesired, authenticData, checkingDisabled } = query
  const octets = encodeMessage(
    message({
      opcode,
      recursionDesired,
      authenticData,
      checkingDisabled,
      questions: [{ name: asked, type, class: questionClass }],
      edns: query.edns === undefined ? undefined : ednsOf(query.edns),
    }),
  )
  return { octets, name, type, class: questionClass, opcode }
}

function ednsOf({ udpSize, dnssecOk, options }: Edns): Edns {
  return {
    udpSize: Math.max(minUdpSize, Math.min(udpSize, maxUdpSize)),
    version: 0,
    dnssecOk,
    options: endToEnd(options),
  }
}

/**
 * What two questions have in common whose replies can't differ. Undefined of questions with something of the client's own in
 * them, a cookie or its network.
 */
export function sharedKey(query: Query, protocol: Protocol): string | undefined {
  const { edns } = query
  if (query.opcode !== Opcode.QUERY) return undefined
  let rest = 'none'
  if (edns !== undefined) {
    if (edns.options.some(({ code }) => code === Option.COOKIE || code === Option.CLIENT_SUBNET)) return undefined
    const { udpSize, dnssecOk, options } = ednsOf(edns)
    rest = `${udpSize} ${dnssecOk}`
    for (const { code, data } of options) rest += ` ${code} ${data.length} ${data}`
  }
  const { recursionDesired, authenticData, checkingDisabled } = query
  const flags = (recursionDesired ? 1 : 0) | (authenticData ? 2 : 0) | (checkingDisabled ? 4 : 0)
  return `${query.name}${query.type} ${query.class} ${flags} ${protocol} ${rest}`
}
