// The upstream server of those that are measured. It knows an address of every name, for an hour.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode } from 'dns-packet'

export interface UpstreamServer {
  /** Address and port. */
  readonly address: string
  close(): void
}

export async function startUpstream(): Promise<UpstreamServer> {
  const socket = createSocket('udp4')
  socket.on('message', (message, { address, port }) => {
    const { id, questions = [] } = decode(message)
    const [question] = questions
    if (question === undefined) return
    const { name, type } = question
    const answers = type === 'A' ? [{ type, name, ttl: 3600, data: '192.0.2.1' }] : []
    // Response and recursion available.
    socket.send(encode({ type: 'response', id: id ?? 0, flags: 0x80, questions, answers }), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  // It is no reason to go on.
  socket.unref()
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}
