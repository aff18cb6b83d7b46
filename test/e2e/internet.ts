// The Internet, as far as the tests ask for it: a DNS server with a few names, and NXDOMAIN for all others.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from 'dns-packet'

const addresses: Readonly<Record<string, string>> = { 'api.example.com': '192.0.2.80', 'redis.ik8s.io': '192.0.2.79' }

/** Resolves when it answers. Whoever starts it closes it. */
export async function startInternet(host: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('message', (message, client) => {
    const { id = 0, questions = [] } = decode(message)
    const { name = '', type = 'A' } = questions[0] ?? {}
    const known = addresses[name.toLowerCase()]
    const answers = known !== undefined && type === 'A' ? [{ type: 'A' as const, name, ttl: 30, data: known }] : []
    const reply = encode({
      type: 'response',
      id,
      flags: 0x180 | (known === undefined && name !== '.' ? 3 : 0),
      questions,
      answers,
    })
    socket.send(reply, client.port, client.address)
  })
  socket.bind(port, host)
  await once(socket, 'listening')
  return socket
}
