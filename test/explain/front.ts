// A DNS server in front of another, for what upstream servers do: names of the cluster are passed on, all others are up
// to a function.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Answer, decode, encode } from 'dns-packet'
import { Rcode } from '../../src/dns/codes.ts'
import { ask } from '../server/ask.ts'

/** `silence`, an rcode by name, or the records of the answer. */
export type Upstream = (name: string, type: string) => 'silence' | keyof typeof Rcode | readonly Answer[]

export interface Front {
  readonly port: number
  /** Questions that came, `NAME TYPE`. */
  readonly asked: string[]
  close(): void
}

/** `behind` is the port of the server for `domains`; whatever it doesn't answer for goes to `upstream`. */
export async function startFront(
  behind: number | undefined,
  upstream: Upstream,
  domains: readonly string[] = ['cluster.local', 'arpa'],
): Promise<Front> {
  const socket: Socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', async (message, { port, address }) => {
    const { questions = [], id = 0 } = decode(message)
    const { name = '', type = 'A' } = questions[0] ?? {}
    asked.push(`${name} ${type}`)
    const isCluster = domains.some((domain) => name === domain || name.endsWith(`.${domain}`))
    if (behind !== undefined && isCluster) {
      const reply = await ask(behind, message)
      if (reply !== undefined) socket.send(reply, port, address)
      return
    }
    const said = upstream(name, type)
    if (said === 'silence') return
    const answers = typeof said === 'string' ? [] : [...said]
    const reply = encode({ type: 'response', id, flags: 0x180, questions, answers })
    reply[3] = ((reply[3] as number) & 0xf0) | (typeof said === 'string' ? Rcode[said] : Rcode.NOERROR)
    socket.send(reply, port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, asked, close: () => socket.close() }
}
