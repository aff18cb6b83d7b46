// A client that asks without pause, as a program of its own: `asker.ts ADDRESS NAME...`. By UDP from a fresh port each time, by
// TCP on a connection of its own each time, and by UDP from one port that stays. Ends with its standard input, and prints
// what it counted.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { decode, encode } from 'dns-packet'

export interface Count {
  asked: number
  /** Times of day of question and failure, and how. */
  readonly failures: string[]
}

export interface Counts {
  readonly fresh: Count
  readonly tcp: Count
  readonly fixed: Count
}

/** Milliseconds after which a resolver would ask again. */
const patience = 2000
/** Milliseconds from one question to the next. */
const pauses = { fresh: 5, tcp: 50, fixed: 20 }
/** Ports of fresh questions, one after the other: none comes back before the kernel has forgotten its last flow. */
const [firstPort, lastPort] = [20_000, 60_000]
const fixedPort = 10_053

const counts: Counts = {
  fresh: { asked: 0, failures: [] },
  tcp: { asked: 0, failures: [] },
  fixed: { asked: 0, failures: [] },
}
const now = () => new Date().toISOString().slice(11, 23)

let turn = 0

interface Question {
  readonly id: number
  readonly message: Buffer
  fail(count: Count, how: string): void
}

function question(names: readonly string[]): Question {
  const id = turn % 65_536
  const asked = now()
  const name = names[turn++ % names.length] ?? ''
  return {
    id,
    message: encode({ type: 'query', id, flags: 0x100, questions: [{ type: 'A', name }] }),
    fail: ({ failures }, how) => void failures.push(`${asked} to ${now()}: ${name}, ${how}`),
  }
}

/** '' where a reply is as it should be. */
function faultOf(reply: Buffer, id: number): string {
  const { id: got, answers = [], rcode } = decode(reply) as ReturnType<typeof decode> & { readonly rcode: string }
  if (got !== id) return 'a reply to something else'
  return answers.length > 0 ? '' : `no answer, ${rcode}`
}

let port = firstPort

function askFresh(address: string, names: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { id, message, fail } = question(names)
  const socket = createSocket('udp4')
  const count = counts.fresh
  count.asked++
  let how = `nothing for ${patience} ms from port ${port}`
  const timer = setTimeout(() => socket.close(), patience)
  socket.on('close', () => {
    clearTimeout(timer)
    if (how !== '') fail(count, how)
    resolve()
  })
  socket.on('error', (error) => {
    how = error.message
    socket.close()
  })
  socket.on('message', (reply) => {
    how = faultOf(reply, id)
    socket.close()
  })
  socket.bind(port, () => socket.send(message, 53, address))
  port = port === lastPort ? firstPort : port + 1
  return promise
}

function askByTcp(address: string, names: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { id, message, fail } = question(names)
  const count = counts.tcp
  count.asked++
  let how = 'closed without a reply'
  const socket = connect(53, address, () =>
    socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])),
  )
  socket.setTimeout(patience, () => socket.destroy(new Error(`nothing for ${patience} ms`)))
  let got = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    got = Buffer.concat([got, chunk as Buffer])
    if (got.length < 2 || got.length < got.readUInt16BE(0) + 2) return
    how = faultOf(got.subarray(2), id)
    socket.end()
  })
  socket.on('error', (error) => {
    if (how !== '') how = error.message
  })
  socket.on('close', () => {
    if (how !== '') fail(count, how)
    resolve()
  })
  return promise
}

function startFixed(address: string, names: readonly string[]): () => void {
  const socket = createSocket('udp4')
  const count = counts.fixed
  const waiting = new Map<number, NodeJS.Timeout>()
  socket.on('message', (reply) => {
    const id = reply.readUInt16BE(0)
    clearTimeout(waiting.get(id))
    if (!waiting.delete(id)) return
    const how = faultOf(reply, id)
    if (how !== '') count.failures.push(`${now()}: ${how}`)
  })
  socket.bind(fixedPort)
  return () => {
    const { id, message, fail } = question(names)
    count.asked++
    const timer = setTimeout(() => {
      waiting.delete(id)
      fail(count, `nothing for ${patience} ms`)
    }, patience)
    waiting.set(id, timer)
    socket.send(message, 53, address)
  }
}

if (import.meta.main) {
  const [address = '', ...names] = process.argv.slice(2)
  const underWay = new Set<Promise<void>>()
  const keep = (ask: (address: string, names: readonly string[]) => Promise<void>) => () => {
    const asked = ask(address, names)
    underWay.add(asked)
    void asked.finally(() => underWay.delete(asked))
  }
  const timers = [
    setInterval(keep(askFresh), pauses.fresh),
    setInterval(keep(askByTcp), pauses.tcp),
    setInterval(startFixed(address, names), pauses.fixed),
  ]
  process.stdin
    .on('data', () => undefined)
    .on('end', async () => {
      for (const timer of timers) clearInterval(timer)
      await Promise.all(underWay)
      setTimeout(() => process.stdout.write(`${JSON.stringify(counts)}\n`, () => process.exit(0)), patience)
    })
}
