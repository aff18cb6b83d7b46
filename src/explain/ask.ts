// Asks one server one question, by UDP and, where the reply is cut short, by TCP (RFC 1035 4.2, RFC 7766). Messages are built
// and read with dns2's Packet, so only servers that the user named are asked, and replies have a size limit.
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { Class, ExtendedErrorCode, Type } from '../dns/codes.ts'
import { labelsOf, lowerName, type Name, printName } from '../dns/name.ts'
import { Packet } from '../dns2.ts'
import { type AnswerRecord, nameOf, readRecord } from './answer-record.ts'

export interface Server {
  readonly address: string
  readonly port: number
}

export interface Question {
  readonly name: Name
  readonly type: number
}

export interface Answer {
  readonly rcode: number
  readonly authoritative: boolean
  readonly records: readonly AnswerRecord[]
  /** Extended errors (RFC 8914), in words. */
  readonly errors: readonly string[]
  readonly transport: 'udp' | 'tcp'
  readonly milliseconds: number
}

/** No reply came. `timeout`: the server was silent. `unreachable`: it isn't there. `malformed`: it said what can't be read. */
export class NoReply extends Error {
  override name = 'NoReply'
  readonly reason: 'timeout' | 'unreachable' | 'malformed'

  constructor(reason: NoReply['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/**
 * Octets we say that we take by UDP (RFC 9715), what more is read of a datagram at most, and of a message by TCP: CoreDNS
 * doesn't compress names there, and a thousand endpoints take 50,000 octets. A crafted message of that size costs seconds.
 */
const udpSize = 1232
const mostByUdp = 4096
const mostByTcp = 61_440

/** Resolves to the reply; rejects with NoReply. Each of the attempts may take `timeoutMs`. */
export async function askServer(
  server: Server,
  question: Question,
  { timeoutMs = 2000, attempts = 2 } = {},
): Promise<Answer> {
  const started = performance.now()
  const id = Packet.uuid()
  const message = encode(id, question)
  for (let attempt = 1; ; attempt++) {
    try {
      const byUdp = await askByUdp(server, message, (reply) => replyTo(reply, id, question), timeoutMs)
      const transport = byUdp.header.tc === 1 ? 'tcp' : 'udp'
      const reply = transport === 'udp' ? byUdp : replyTo(await askByTcp(server, message, timeoutMs), id, question)
      if (reply === undefined) throw new NoReply('malformed', 'the reply is to another question')
      return { ...read(reply), transport, milliseconds: performance.now() - started }
    } catch (error) {
      if (!(error instanceof NoReply) || error.reason !== 'timeout' || attempt >= attempts) throw error
    }
  }
}

function encode(id: number, { name, type }: Question): Buffer {
  const labels = labelsOf(name)
  if (labels.some((label) => label.includes('.'))) {
    throw new NoReply('malformed', `${printName(name)} has a dot within a label, which can't be asked for here`)
  }
  const packet = new Packet()
  packet.header = new Packet.Header({ id, rd: 1 })
  packet.questions.push(new Packet.Question(labels.join('.'), type, Class.IN))
  packet.additionals.push(new Packet.Resource({ name: '', ttl: 0, type: Type.OPT, class: udpSize, rdata: [] }))
  return packet.toBuffer()
}

function parse(reply: Buffer): Reply {
  try {
    return Packet.parse(reply)
  } catch (error) {
    throw new NoReply('malformed', "the reply can't be read", { cause: error })
  }
}

type Reply = InstanceType<typeof Packet>

/** The message, where it is a reply and to this question. */
function replyTo(message: Buffer, id: number, { name, type }: Question): Reply | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id || ((message[2] ?? 0) & 0x80) === 0) return undefined
  const reply = parse(message)
  const [question] = reply.questions
  // Some servers leave out the question of what they refuse.
  if (question === undefined) return message.readUInt16BE(4) === 0 ? reply : undefined
  return question.type === type && lowerName(nameOf(question.name)) === lowerName(name) ? reply : undefined
}

function read(reply: Reply): Omit<Answer, 'transport' | 'milliseconds'> {
  if (reply.errors.length > 0) {
    throw new NoReply('malformed', `the reply has a record that can't be read: ${reply.errors[0]?.message}`)
  }
  return {
    rcode: reply.header.rcode,
    authoritative: reply.header.aa === 1,
    records: reply.answers.map(readRecord),
    errors: reply.additionals.flatMap(({ rdata }) => (Array.isArray(rdata) ? rdata.flatMap(extendedError) : [])),
  }
}

const errorNames = new Map<number, string>(
  Object.entries(ExtendedErrorCode).map(([name, code]) => [code, name.toLowerCase().replaceAll('_', ' ')]),
)

function extendedError(option: object): string[] {
  const { infoCode, extraText } = option as { infoCode?: unknown; extraText?: unknown }
  if (typeof infoCode !== 'number') return []
  const name = errorNames.get(infoCode) ?? `extended error ${infoCode}`
  return [typeof extraText === 'string' && extraText !== '' ? `${name}: ${extraText}` : name]
}

function askByUdp(
  { address, port }: Server,
  message: Buffer,
  accept: (reply: Buffer) => Reply | undefined,
  timeoutMs: number,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  const timer = setTimeout(() => reject(new NoReply('timeout', `no reply within ${timeoutMs} ms`)), timeoutMs)
  socket.on('error', (error) => reject(unreachable(error)))
  socket.on('message', (reply) => {
    // What is too large, or isn't ours, may be anybody's.
    if (reply.length > mostByUdp) return
    try {
      const accepted = accept(reply)
      if (accepted !== undefined) resolve(accepted)
    } catch (error) {
      reject(error)
    }
  })
  // Called where it fails, too.
  socket.connect(port, address, (error?: Error) => (error ? reject(unreachable(error)) : socket.send(message)))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

function askByTcp({ address, port }: Server, message: Buffer, timeoutMs: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const socket = connect({ port, host: address })
  const timer = setTimeout(() => reject(new NoReply('timeout', `no reply by TCP within ${timeoutMs} ms`)), timeoutMs)
  let got = Buffer.alloc(0)
  socket.on('error', (error) => reject(unreachable(error)))
  socket.on('close', () => reject(new NoReply('unreachable', 'the server closes the connection without a reply')))
  socket.on('data', (chunk) => {
    got = Buffer.concat([got, chunk as Buffer])
    if (got.length < 2) return
    const length = got.readUInt16BE(0)
    if (length > mostByTcp)
      reject(new NoReply('malformed', `the reply has ${length} octets, which is more than is read`))
    else if (got.length >= length + 2) resolve(got.subarray(2, length + 2))
  })
  socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

function unreachable(error: Error): NoReply {
  return new NoReply('unreachable', `can't be reached: ${error.message}`, { cause: error })
}
