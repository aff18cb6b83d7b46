// The format of a query log line: text with labels in braces, filled in for each query.
import { printClass, printRcode, printType } from '../../dns/codes.ts'
import { printName } from '../../dns/name.ts'
import type { Client, Query } from '../../dns/query.ts'
import type { Reply } from '../../dns/reply.ts'
import { replySize } from '../../dns/reply-size.ts'

/** What became of a query. */
export interface Outcome {
  readonly query: Query
  /** Undefined where the client hears nothing. */
  readonly reply: Reply | undefined
  /** From query to reply, ms. */
  readonly duration: number
  /** The value of `{/KEY}`; undefined where nobody knows it. */
  metadata(key: string): string | undefined
}

export const commonFormat =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}'
export const combinedFormat = `${commonFormat} "{>opcode}"`

/** Stands for what isn't there. */
const nothing = '-'

const labels: Readonly<Record<string, (outcome: Outcome) => string | number | boolean>> = {
  type: ({ query }) => printType(query.type),
  name: ({ query }) => printName(query.name),
  class: ({ query }) => printClass(query.class),
  proto: ({ query }) => protocolOf(query.client),
  size: ({ query }) => query.size,
  remote: ({ query }) => printHost(query.client.address),
  port: ({ query }) => query.client.port,
  local: ({ query }) => printHost(query.client.localAddress),
  '>id': ({ query }) => query.id,
  '>opcode': ({ query }) => query.opcode,
  '>do': ({ query }) => query.edns?.dnssecOk ?? false,
  '>bufsize': ({ query }) => (protocolOf(query.client) === 'tcp' ? 65_535 : Math.max(512, query.edns?.udpSize ?? 0)),
  rcode: ({ reply }) => (reply === undefined ? nothing : printRcode(reply.rcode)),
  rsize: ({ query, reply }) => (reply === undefined ? 0 : replySize(query, reply)),
  duration: ({ duration }) => `${printSeconds(duration)}s`,
  '>rflags': ({ query, reply }) => (reply === undefined ? nothing : printFlags(query, reply)),
}

/**
 * A function that fills in the labels: `{name}`, `{>id}`, and `{/KEY}` for metadata. A brace belongs to the nearest one
 * before it; what is in braces and is no label stays as it is.
 */
export function compileFormat(format: string): (outcome: Outcome) => string {
  const parts: (string | ((outcome: Outcome) => string | number | boolean))[] = []
  let end = 0
  for (const match of format.matchAll(/\{([^{}]*)\}/g)) {
    const label = match[1] ?? ''
    const fill = fillerOf(label)
    if (fill === undefined) continue
    parts.push(format.slice(end, match.index), fill)
    end = match.index + match[0].length
  }
  parts.push(format.slice(end))
  return (outcome) => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(outcome)
    return line
  }
}

function fillerOf(label: string): ((outcome: Outcome) => string | number | boolean) | undefined {
  if (label.startsWith('/')) return ({ metadata }) => metadata(label.slice(1)) ?? nothing
  return Object.hasOwn(labels, label) ? labels[label] : undefined
}

/** Encrypted transports run over TCP. */
function protocolOf(client: Client): 'udp' | 'tcp' {
  return client.transport === 'udp' ? 'udp' : 'tcp'
}

function printHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** In nanoseconds' precision, without an exponent. */
function printSeconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(9).replace(/\.?0+$/, '')
}

function printFlags(query: Query, reply: Reply): string {
  const flags = [
    'qr',
    reply.authoritative ? 'aa' : '',
    reply.truncated ? 'tc' : '',
    (reply.recursionDesired ?? query.recursionDesired) ? 'rd' : '',
    reply.recursionAvailable ? 'ra' : '',
    reply.authenticData ? 'ad' : '',
    query.checkingDisabled ? 'cd' : '',
  ]
  return flags.filter((flag) => flag !== '').join(',')
}
