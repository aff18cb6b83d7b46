// The OPT record (RFC 6891 6.1.2) and extended errors (RFC 8914 2) between wire and value.
//
//   owner  0x00               type    41
//   class  largest UDP payload of the sender
//   ttl    upper 8 bits of the rcode, version, DO and 15 reserved bits
//   rdata  options, each: code (2), length (2), data
import { Option, Type } from './codes.ts'
import type { Edns, EdnsOption } from './query.ts'
import type { ExtendedError } from './reply.ts'

/** Octets of an OPT record without options. */
export const optSize = 11
const optionHeader = 4

const none: readonly EdnsOption[] = []

/** The OPT record whose type stands at `at` and whose rdata ends at `end`; undefined where its options are malformed. */
export function decodeOpt(message: Buffer, at: number, end: number): Edns | undefined {
  const options = at + 10 === end ? none : decodeOptions(message, at + 10, end)
  if (options === undefined) return undefined
  const udpSize = message.readUInt16BE(at + 2)
  const version = message[at + 5] as number
  const dnssecOk = ((message[at + 6] as number) & 0x80) !== 0
  const isLast = udpSize === last.udpSize && version === last.version && dnssecOk === last.dnssecOk
  if (isLast && options === last.options) return last
  last = { udpSize, version, dnssecOk, options }
  return last
}

/** Clients of one kind all say the same. */
let last: Edns = { udpSize: 0, version: 0, dnssecOk: false, options: none }

function decodeOptions(message: Buffer, start: number, end: number): readonly EdnsOption[] | undefined {
  const options: EdnsOption[] = []
  let at = start
  while (at < end) {
    if (at + optionHeader > end) return undefined
    const code = message.readUInt16BE(at)
    const length = message.readUInt16BE(at + 2)
    at += optionHeader
    if (at + length > end) return undefined
    options.push({ code, data: message.toString('latin1', at, at + length) })
    at += length
  }
  return options
}

/** Octets that an option takes in an OPT record. */
export const optionSize = (option: EdnsOption): number => optionHeader + option.data.length

/**
 * Writes an OPT record at `at` and returns where it ends. The caller has seen to the room. Of the rcode, which may be up to
 * 4095, it holds the upper 8 bits.
 */
// hot: numbers one by one, for an object is made anew for each reply.
export function writeOpt(
  into: Buffer,
  at: number,
  udpSize: number,
  rcode: number,
  { version, dnssecOk }: Pick<Edns, 'version' | 'dnssecOk'>,
  options: readonly EdnsOption[],
): number {
  into[at] = 0
  into[at + 1] = 0
  into[at + 2] = Type.OPT
  into[at + 3] = udpSize >> 8
  into[at + 4] = udpSize
  into[at + 5] = rcode >> 4
  into[at + 6] = version
  into[at + 7] = dnssecOk ? 0x80 : 0
  into[at + 8] = 0
  let end = at + optSize
  for (let i = 0; i < options.length; i++) {
    const option = options[i] as EdnsOption
    into.writeUInt16BE(option.code, end)
    into.writeUInt16BE(option.data.length, end + 2)
    into.write(option.data, end + optionHeader, 'latin1')
    end += optionSize(option)
  }
  into.writeUInt16BE(end - at - optSize, at + 9)
  return end
}

/** The option that carries an extended error: its code, then its text in UTF-8. */
export function encodeExtendedError(error: ExtendedError): EdnsOption {
  const code = String.fromCharCode(error.code >> 8, error.code & 0xff)
  return { code: Option.EXTENDED_ERROR, data: code + Buffer.from(error.text, 'utf8').toString('latin1') }
}

/** The extended error in an option; undefined of other options and of those too short for a code. */
export function decodeExtendedError(option: EdnsOption): ExtendedError | undefined {
  if (option.code !== Option.EXTENDED_ERROR || option.data.length < 2) return undefined
  const octets = Buffer.from(option.data, 'latin1')
  // A trailing NUL is tolerated (RFC 8914 2).
  return { code: octets.readUInt16BE(0), text: octets.toString('utf8', 2).replace(/\0$/, '') }
}
