// Messages for tests, put together octet by octet or from text.
import assert from 'node:assert/strict'
import { Class, parseClass, parseType } from '../../src/dns/codes.ts'
import type { Message, Question } from '../../src/dns/message.ts'
import { parseName, printName } from '../../src/dns/name.ts'
import { encode16, encode32 } from '../../src/dns/octets.ts'
import type { Client, Edns, Query, Transport } from '../../src/dns/query.ts'
import type { Rrset } from '../../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'

export const octets = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'latin1')

interface Header {
  readonly id: number
  readonly flags: number
  readonly questions: number
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
}

/** The header of a plain question with RD set and id 0x1234, but for the fields given. */
export function header(fields: Partial<Header> = {}): string {
  const { id = 0x1234, flags = 0x0100, questions = 1, answers = 0, authorities = 0, additionals = 0 } = fields
  return [id, flags, questions, answers, authorities, additionals].map(encode16).join('')
}

/** A question; its name as octets. */
export const question = (
  name = parseName('www.example.') as string,
  type = 1,
  questionClass: number = Class.IN,
): string => name + encode16(type) + encode16(questionClass)

/** A record; its owner and rdata as octets. */
export const record = (owner: string, type: number, rdata: string, ttl = 5): string =>
  owner + encode16(type) + encode16(Class.IN) + encode32(ttl) + encode16(rdata.length) + rdata

export const opt = ({ owner = '\0', udpSize = 1232, rcode = 0, version = 0, flags = 0, rdata = '' } = {}): string =>
  owner +
  encode16(41) +
  encode16(udpSize) +
  String.fromCharCode(rcode, version) +
  encode16(flags) +
  encode16(rdata.length) +
  rdata

export const option = (code: number, data: string): string => encode16(code) + encode16(data.length) + data

export function client(transport: Transport = 'udp'): Client {
  const address = '127.0.0.1'
  return { address, port: 40_000, localAddress: address, localPort: 53, transport, server: 'dns://:53' }
}

/** `www.example. A`, or with a class, `version.bind. CH TXT`. */
export function parseQuestion(text: string): Question {
  const [name = '', ...words] = text.split(' ')
  const type = parseType(words.at(-1) ?? '') ?? assert.fail(text)
  return {
    name: parseName(name),
    type,
    class: words.length > 1 ? (parseClass(words[0] ?? '') ?? assert.fail(text)) : Class.IN,
  }
}

export const plainEdns: Edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }

/** A client's question, decoded. */
export function ask(text: string, fields: Partial<Query> & { readonly over?: Transport } = {}): Query {
  const { over = 'udp', ...others } = fields
  const { name: asked, type, class: questionClass } = parseQuestion(text)
  return {
    id: 0x1234,
    name: parseName(printName(asked).toLowerCase()),
    asked,
    type,
    class: questionClass,
    opcode: 0,
    recursionDesired: true,
    authenticData: false,
    checkingDisabled: false,
    edns: undefined,
    size: 0,
    client: client(over),
    ...others,
  }
}

/** Lines of records, those after one another of one owner, type, class and TTL being one rrset. */
export function rrsets(...lines: readonly string[]): Rrset[] {
  const result: Rrset[] = []
  for (const line of lines) {
    const rrset = parseRecord(line)
    const last = result.at(-1)
    const front = (of: Rrset) => [of.owner, of.type, of.class, of.ttl].join()
    if (last === undefined || front(last) !== front(rrset)) result.push(rrset)
    else result.splice(-1, 1, { ...last, rdatas: [...last.rdatas, ...rrset.rdatas] })
  }
  return result
}

/** The records of a message as lines. */
export function printSections(message: Message): { answer: string[]; authority: string[]; additional: string[] } {
  return {
    answer: message.answer.flatMap(printRecords),
    authority: message.authority.flatMap(printRecords),
    additional: message.additional.flatMap(printRecords),
  }
}
