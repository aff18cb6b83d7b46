// A whole zone from a server under test, by TCP (RFC 5936, RFC 1995).
import { once } from 'node:events'
import { connect } from 'node:net'
import { parseType, printRcode, Type } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { Frames } from '../../src/dns/frames.ts'
import { type Message, message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import { encodeSoa } from '../../src/dns/rdata.ts'
import { type Rrset, rrset } from '../../src/dns/rrset.ts'

export interface Transferred {
  readonly rcode: string
  readonly messages: readonly Message[]
  /** Those of all messages, in order. */
  readonly records: readonly Rrset[]
}

/** The message that asks for `ZONE AXFR`, or `ZONE IXFR` from a serial on. */
export function transferQuery(question: string, serial?: number): Buffer {
  const [zone = '', typeName = ''] = question.split(' ')
  const name = parseName(zone)
  const type = parseType(typeName) ?? 0
  const numbers = { serial: serial ?? 0, refresh: 0, retry: 0, expire: 0, minimum: 0 }
  const has = rrset(name, Type.SOA, 0, [encodeSoa({ mname: name, rname: name, ...numbers })])
  const questions = [{ name, type, class: 1 }]
  return encodeMessage(message({ id: 4711, questions, authority: serial === undefined ? [] : [has] }))
}

/** Asks and reads up to the record that ends the transfer, or up to the end of the connection. */
export async function transferFrom(port: number, question: string, serial?: number): Promise<Transferred> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const query = transferQuery(question, serial)
  socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query]))
  const frames = new Frames()
  const messages: Message[] = []
  for await (const chunk of socket) {
    frames.push(chunk as Buffer)
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) messages.push(decodeMessage(frame))
    if (isComplete(messages)) break
  }
  const records = messages.flatMap((each) => each.answer)
  return { rcode: printRcode(messages[0]?.rcode ?? 2), messages, records }
}

function isComplete(messages: readonly Message[]): boolean {
  const [first] = messages
  if (first === undefined) return false
  if (first.answer.length === 0) return true
  const count = messages.reduce((sum, each) => sum + each.answer.filter(({ type }) => type === Type.SOA).length, 0)
  // A zone of a single SOA record is as good as the whole, for those who have it.
  return count === 2 || (messages.length === 1 && first.answer.length === 1 && first.answer[0]?.rdatas.length === 1)
}
