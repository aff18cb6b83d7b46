// Kubernetes' protobuf to JSON, for the few kubectl commands that send it (`create deployment`); answers are always JSON.
// Envelope: k8s.io/apimachinery/pkg/runtime generated.proto, Unknown; wire format: protobuf.dev/programming-guides/encoding.
import { badRequest } from '../status.ts'
import { type Field, type ObjectType, objectType, objectTypes } from './schema.ts'

/** What begins every message: `k8s` and a zero. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00])

/** The object in a body. Throws ApiError 400 for what is none or has fields the schema has no numbers for. */
export function decodeProtobuf(body: Buffer): Record<string, unknown> {
  if (!body.subarray(0, 4).equals(magic)) throw badRequest('the body has no protobuf envelope')
  const envelope = [...fieldsOf(body.subarray(4))]
  const typeMeta = [...fieldsOf(bytes(envelope.find(({ number }) => number === 1)))]
  const text = (number: number) => bytes(typeMeta.find((field) => field.number === number)).toString()
  const [apiVersion, kind] = [text(1), text(2)]
  const type = objectTypes.get(kind)
  if (type === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`)
  return { apiVersion, kind, ...decodeMessage(type, bytes(envelope.find(({ number }) => number === 2))) }
}

interface WireField {
  readonly number: number
  /** A number for varints and fixed ones, octets for what has a length. */
  readonly value: bigint | Buffer
}

/** tag = number << 3 | wire type; then 0: varint, 1: 8 octets, 2: length and octets, 5: 4 octets. */
function* fieldsOf(message: Buffer): Generator<WireField> {
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at)
    const number = Number(tag.value >> 3n)
    at = tag.end
    const wireType = Number(tag.value & 7n)
    if (wireType === 0) {
      const { value, end } = varint(message, at)
      yield { number, value }
      at = end
    } else if (wireType === 2) {
      const length = varint(message, at)
      const end = length.end + Number(length.value)
      if (end > message.length) throw badRequest('protobuf: a field goes on beyond its message')
      yield { number, value: message.subarray(length.end, end) }
      at = end
    } else throw badRequest(`protobuf: wire type ${wireType} is not used by the API`)
  }
}

function varint(message: Buffer, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n
  for (let at = start; at < message.length && at < start + 10; at++) {
    const octet = message[at] ?? 0
    value |= BigInt(octet & 0x7f) << BigInt((at - start) * 7)
    if (octet < 0x80) return { value, end: at + 1 }
  }
  throw badRequest('protobuf: a number goes on beyond its message')
}

function bytes(field: WireField | undefined): Buffer {
  if (field === undefined) return Buffer.alloc(0)
  if (typeof field.value === 'bigint') throw badRequest('protobuf: a number stands where a message should')
  return field.value
}

function decodeMessage(type: ObjectType, message: Buffer): Record<string, unknown> {
  const byNumber = new Map([...type.fields].map(([name, field]) => [field.number, { name, field }]))
  const decoded: Record<string, unknown> = {}
  for (const { number, value } of fieldsOf(message)) {
    const found = byNumber.get(number)
    if (found === undefined) throw badRequest(`protobuf: ${type.name} has no field ${number}; send JSON`)
    const { name, field } = found
    if (field.shape === 'map') {
      const [key, item] = mapEntry(field, bytes({ number, value }))
      decoded[name] = { ...(decoded[name] as object | undefined), [key]: item }
    } else {
      const item = decodeValue(field, value)
      if (field.shape === 'list') decoded[name] = [...((decoded[name] as unknown[] | undefined) ?? []), item]
      else if (item !== undefined) decoded[name] = item
    }
  }
  return decoded
}

/** key = 1, value = 2. */
function mapEntry(field: Field, entry: Buffer): [key: string, value: unknown] {
  const parts = [...fieldsOf(entry)]
  const value = parts.find(({ number }) => number === 2)
  return [
    bytes(parts.find(({ number }) => number === 1)).toString(),
    value === undefined ? '' : decodeValue(field, value.value),
  ]
}

function decodeValue(field: Field, value: bigint | Buffer): unknown {
  if (field.scalar === 'int') return Number(BigInt.asIntN(64, BigInt(value as bigint)))
  if (field.scalar === 'bool') return value === 1n
  const octets = bytes({ number: field.number ?? 0, value })
  switch (field.scalar) {
    case undefined:
      return decodeMessage(objectType(field.type), octets)
    case 'time':
      return time(octets)
    case 'quantity':
      return bytes([...fieldsOf(octets)][0]).toString()
    case 'bytes':
      return octets.toString('base64')
    case 'int-or-string':
      return intOrString(octets)
    case 'any':
      // Only emptiness can be read without a schema.
      if (octets.length > 0) throw badRequest(`protobuf: this field can be read from JSON only; send JSON`)
      return {}
    case 'string':
      return octets.toString()
  }
}

/** seconds = 1, nanos = 2; an empty one is none. */
function time(octets: Buffer): string | undefined {
  const seconds = [...fieldsOf(octets)].find(({ number }) => number === 1)?.value
  return typeof seconds === 'bigint' ? `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z` : undefined
}

/** type = 1 (0: a number), intVal = 2, strVal = 3. */
function intOrString(octets: Buffer): number | string {
  const parts = [...fieldsOf(octets)]
  const part = (number: number) => parts.find((each) => each.number === number)
  if (part(1)?.value === 1n) return bytes(part(3)).toString()
  return Number(BigInt.asIntN(32, (part(2)?.value ?? 0n) as bigint))
}
