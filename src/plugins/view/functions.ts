// The functions of expressions: facts of a question, and what can be done with them.
import { type Cidr, parseAddress, parseUnmappedCidr, unmappedAddress } from '../../dns/address.ts'
import { printClass, printType } from '../../dns/codes.ts'
import { printName } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'

export type Value = string | number | boolean | readonly Value[]

/** `bool`, `int`, `float64`, `string`, `[]string` and so on, as expr-lang writes them; `interface {}` may be any of them. */
export type ValueType = string

/** Where expressions look. */
export interface Facts {
  /** What a plugin of the block knows about the query under this key; '' where none does. */
  metadata(query: Query, key: string): string
}

export interface ExpressionFunction {
  readonly takes: readonly ValueType[]
  readonly gives: ValueType
  /** Throws `failure` where the arguments make no sense. */
  run(query: Query, args: readonly Value[], facts: Facts): Value
}

/** The expression is then not true, whatever stands around. */
export const failure = new Error('an expression without a value')

const ofQuery = (gives: ValueType, read: (query: Query) => Value): ExpressionFunction => ({
  takes: [],
  gives,
  run: read,
})

const protocolOf = ({ client }: Query) => (client.transport === 'udp' ? 'udp' : 'tcp')

export const functions: Readonly<Record<string, ExpressionFunction>> = {
  name: ofQuery('string', (query) => printName(query.name)),
  type: ofQuery('string', (query) => printType(query.type)),
  class: ofQuery('string', (query) => printClass(query.class)),
  proto: ofQuery('string', protocolOf),
  client_ip: ofQuery('string', (query) => query.client.address),
  port: ofQuery('string', (query) => String(query.client.port)),
  server_ip: ofQuery('string', (query) => query.client.localAddress),
  server_port: ofQuery('string', (query) => String(query.client.localPort)),
  id: ofQuery('int', (query) => query.id),
  opcode: ofQuery('int', (query) => query.opcode),
  do: ofQuery('bool', (query) => query.edns?.dnssecOk === true),
  bufsize: ofQuery('int', bufferSize),
  size: ofQuery('int', (query) => query.size),
  incidr: {
    takes: ['string', 'string'],
    gives: 'bool',
    run(_query, [address, cidr]) {
      const network = parseUnmappedCidr(cidr as string)
      if (network === undefined) throw failure
      return isIn(address as string, network)
    },
  },
  metadata: {
    takes: ['string'],
    gives: 'string',
    run: (query, [key], facts) => facts.metadata(query, key as string),
  },
  lower: { takes: ['string'], gives: 'string', run: (_query, [text]) => (text as string).toLowerCase() },
  upper: { takes: ['string'], gives: 'string', run: (_query, [text]) => (text as string).toUpperCase() },
  len: { takes: ['string'], gives: 'int', run: (_query, [text]) => Array.from(text as string).length },
}

/** What expr-lang has beside ours. */
export const foreignFunctions: ReadonlySet<string> = new Set(
  [
    'all none any one filter map find findIndex findLast findLastIndex count sum groupBy sortBy reduce abs ceil floor round',
    'int float string trim trimPrefix trimSuffix split splitAfter replace repeat join indexOf lastIndexOf hasPrefix hasSuffix',
    'max min mean median toJSON fromJSON toBase64 fromBase64 now duration date timezone first last get take keys values',
    'toPairs fromPairs reverse uniq concat flatten sort bitand bitor bitxor bitnand bitshl bitshr bitushr bitnot',
  ].flatMap((line) => line.split(' ')),
)

/** What a reply by this way may have, octets. */
function bufferSize(query: Query): number {
  return protocolOf(query) === 'tcp' ? 65_535 : Math.max(512, query.edns?.udpSize ?? 0)
}

/** Addresses that are good on one link only come with the name of its interface. Throws `failure` for what is no address. */
export function isIn(text: string, network: Cidr): boolean {
  const [address = ''] = unmappedAddress(text).split('%', 1)
  if (parseAddress(address) === undefined) throw failure
  return network.contains(unmappedAddress(address))
}
