// Asks a DNS server by UDP from one socket, and measures.
import { createSocket, type Socket } from 'node:dgram'

interface Waiting {
  readonly sent: number
  readonly take: (reply: Buffer, milliseconds: number) => void
}

export class DnsProbe {
  readonly #socket: Socket = createSocket('udp4')
  readonly #port: number
  readonly #waiting = new Map<number, Waiting>()
  #id = 0
  /** Questions that were never answered. */
  lost = 0

  constructor(port: number) {
    this.#port = port
    this.#socket.on('message', (reply) => {
      const id = reply.readUInt16BE(0)
      const waiting = this.#waiting.get(id)
      if (waiting === undefined) return
      this.#waiting.delete(id)
      waiting.take(reply, performance.now() - waiting.sent)
    })
    // Nobody listens yet, or any more.
    this.#socket.on('error', () => {})
  }

  /** For the address of a name; told of the reply with the milliseconds it took. */
  ask(name: string, take: Waiting['take']): number {
    this.#id = (this.#id + 1) & 0xffff
    if (this.#waiting.delete(this.#id)) this.lost++
    this.#waiting.set(this.#id, { sent: performance.now(), take })
    this.#socket.send(question(this.#id, name), this.#port, '127.0.0.1')
    return this.#id
  }

  /** The rcode and addresses; undefined after so many milliseconds. */
  answer(name: string, patience: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const id = this.ask(name, (reply) => {
        clearTimeout(timer)
        resolve(told(reply))
      })
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        resolve(undefined)
      }, patience)
    })
  }

  /** Asks again and again, one question at a time, until this address is the first of the answer. */
  async until(name: string, address: string, patience: number): Promise<void> {
    const deadline = performance.now() + patience
    for (;;) {
      const answer = await this.answer(name, 500)
      if (answer?.split(' ').includes(address)) return
      if (performance.now() > deadline) throw new Error(`${name} is ${answer}, not ${address}`)
    }
  }

  close(): void {
    this.lost += this.#waiting.size
    this.#socket.close()
  }
}

function question(id: number, name: string): Buffer {
  const labels = name.split('.')
  const message = Buffer.alloc(12 + name.length + 2 + 4)
  message.writeUInt16BE(id, 0)
  message[2] = 1
  message[5] = 1
  let at = 12
  for (const label of labels) {
    message[at] = label.length
    message.write(label, at + 1, 'latin1')
    at += 1 + label.length
  }
  message[at + 2] = 1
  message[at + 4] = 1
  return message
}

const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED']

/** The rcode and the addresses of a reply to one of our questions. */
export function told(reply: Buffer): string {
  const words = [rcodes[(reply[3] as number) & 15] ?? 'OTHER']
  const answers = reply.readUInt16BE(6)
  let at = skipName(reply, 12) + 4
  for (let i = 0; i < answers; i++) {
    at = skipName(reply, at)
    const type = reply.readUInt16BE(at)
    const length = reply.readUInt16BE(at + 8)
    at += 10
    if (type === 1) words.push([...reply.subarray(at, at + 4)].join('.'))
    at += length
  }
  return words.join(' ')
}

function skipName(reply: Buffer, at: number): number {
  while ((reply[at] as number) !== 0) {
    if ((reply[at] as number) >= 0xc0) return at + 2
    at += 1 + (reply[at] as number)
  }
  return at + 1
}
