// The Internet, as far as the tests ask for it: a DNS server with a few names, and NXDOMAIN for all others, by UDP and TCP. Also a
// program, `internet.ts ADDRESS PORT`, for tests whose thread has no time for it; that ends with its standard input.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { decode, encode } from 'dns-packet'

const addresses: Readonly<Record<string, string>> = { 'api.example.com': '192.0.2.80', 'redis.ik8s.io': '192.0.2.79' }

export interface Internet {
  close(): void
}

/** Resolves when it answers. Whoever starts it closes it. */
export async function startInternet(host: string, port: number): Promise<Internet> {
  const socket = createSocket('udp4')
  socket.on('message', (message, client) => socket.send(replyTo(message), client.port, client.address))
  socket.bind(port, host)
  await once(socket, 'listening')
  const server = createServer((connection) => {
    let got = Buffer.alloc(0)
    connection.on('error', () => connection.destroy())
    connection.on('data', (chunk) => {
      got = Buffer.concat([got, chunk as Buffer])
      while (got.length >= 2 && got.length >= got.readUInt16BE(0) + 2) {
        const end = got.readUInt16BE(0) + 2
        const reply = replyTo(got.subarray(2, end))
        got = got.subarray(end)
        connection.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
      }
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    close() {
      socket.close()
      server.close()
    },
  }
}

function replyTo(message: Buffer): Buffer {
  const { id = 0, questions = [] } = decode(message)
  const { name = '', type = 'A' } = questions[0] ?? {}
  const known = addresses[name.toLowerCase()]
  const answers = known !== undefined && type === 'A' ? [{ type: 'A' as const, name, ttl: 30, data: known }] : []
  return encode({
    type: 'response',
    id,
    flags: 0x180 | (known === undefined && name !== '.' ? 3 : 0),
    questions,
    answers,
  })
}

if (import.meta.main) {
  const [host = '', port = ''] = process.argv.slice(2)
  await startInternet(host, Number(port))
  process.stdout.write('listening\n')
  // Connections of its clients don't keep it.
  process.stdin.on('data', () => undefined).on('end', () => process.exit(0))
}
