// Raw messages to a server under test.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { encode, type Packet } from 'dns-packet'
import { printRcode } from '../../src/dns/codes.ts'

/** Sends octets by UDP; resolves to the octets that came back, or to undefined after `wait` ms. */
export async function ask(
  port: number,
  message: Buffer,
  { host = '127.0.0.1', wait = 2000 } = {},
): Promise<Buffer | undefined> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.connect(port, host)
  await once(socket, 'connect')
  if (socket.address().port === port) {
    // Nobody listens, so that the system gave us the very port; we would only hear ourselves.
    socket.close()
    return undefined
  }
  socket.send(message)
  const timer = new AbortController()
  const late = setTimeout(() => timer.abort(), wait)
  try {
    const [reply] = (await once(socket, 'message', { signal: timer.signal })) as [Buffer]
    return reply
  } catch (error) {
    if ((error as Error).name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ECONNREFUSED')
      return undefined
    throw error
  } finally {
    clearTimeout(late)
    socket.close()
  }
}

/** Sends octets by TCP; resolves to the octets of the first message that comes back. */
export async function askTcp(port: number, message: Buffer, host = '127.0.0.1'): Promise<Buffer> {
  const socket = connect({ port, host })
  socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]))
  let got = Buffer.alloc(0)
  for await (const chunk of socket) {
    got = Buffer.concat([got, chunk as Buffer])
    if (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) break
  }
  return got.subarray(2)
}

/** A TCP port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** A question for the address of a name, id 4711. */
export const question = (name: string, more: Partial<Packet> = {}) =>
  encode({ type: 'query', id: 4711, questions: [{ type: 'A', name }], ...more })

/** The rcode of a reply by name, or `silence`. */
export const rcodeOf = (reply: Buffer | undefined) =>
  reply === undefined ? 'silence' : printRcode((reply[3] as number) & 15)
