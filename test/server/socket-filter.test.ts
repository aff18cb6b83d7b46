import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddress } from '../../src/dns/address.ts'
import { openSocket } from '../../src/server/datagrams.ts'
import { libc } from '../../src/server/libc.ts'
import { encodeFilter } from '../../src/server/socket-filter.ts'
import { limitSenders, socketState } from '../../src/server/socket-state.ts'

/** What the kernel's machine does with a program, as far as ours go: is a packet with this IP header let in? */
function accepts(program: Buffer, header: Buffer, random: number): boolean {
  let accumulator = 0
  for (let at = 0; ; at++) {
    const [code, k] = [program.readUInt16LE(at * 8), program.readUInt32LE(at * 8 + 4)]
    const jump = (truth: boolean) => program.readUInt8(at * 8 + (truth ? 2 : 3))
    if (code === 0x06) return k > 0
    if (code === 0x20) accumulator = k === 0xffff_f038 ? random : header.readUInt32BE(k - 0xfff0_0000)
    else if (code === 0x15) at += jump(accumulator === k)
    else if (code === 0x35) at += jump(accumulator >= k)
    else assert.fail(`code ${code}`)
  }
}

/** An IPv4 or IPv6 header as far as the source address. */
const headerFrom = (address: string) => {
  const header = Buffer.alloc(40, 0x55)
  header.write(address, address.length === 4 ? 12 : 8, 'latin1')
  return header
}

const addressOf = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((octets) => Buffer.from(octets).toString('latin1'))

for (const length of [4, 16]) {
  test(`of each client with ${length} octets of address its part is let in, of others everything`, () => {
    const quotas = fc.uniqueArray(
      fc.record({ address: addressOf(length), accept: fc.double({ min: 0, max: 1, noNaN: true }) }),
      { selector: ({ address }) => address, maxLength: 32 },
    )
    const random = fc.integer({ min: 0, max: 0xffff_ffff })
    fc.assert(
      fc.property(quotas, addressOf(length), random, (limited, other, number) => {
        const program = encodeFilter(limited)
        const known = new Set(limited.map(({ address }) => address))
        if (!known.has(other)) assert.ok(accepts(program, headerFrom(other), number))
        for (const { address, accept } of limited) {
          // To within one of 2^32.
          const expected = number < accept * 2 ** 32
          if (Math.abs(number - accept * 2 ** 32) > 1) {
            assert.equal(accepts(program, headerFrom(address), number), expected)
          }
        }
      }),
    )
  })
}

for (const [local, other, missing] of [
  ['127.0.0.1', '127.0.0.2', '127.0.0.3'],
  ['::1', undefined, '::2'],
] as const) {
  test(`the kernel drops what it is told to at ${local}, and says so`, { skip: libc() === undefined }, async (t) => {
    const fd = openSocket({ address: local, port: 0, reusePort: false }, 1 << 16)
    const receiver = createSocket(local.includes(':') ? 'udp6' : 'udp4')
    t.after(() => receiver.close())
    const listening = once(receiver, 'listening')
    receiver.bind({ fd })
    await listening
    const got: string[] = []
    receiver.on('message', (_message, { address }) => got.push(address))
    const { port } = receiver.address()
    const send = async (from: string) => {
      const sender = createSocket(local.includes(':') ? 'udp6' : 'udp4')
      sender.bind(0, from)
      await once(sender, 'listening')
      for (let n = 0; n < 5; n++) await new Promise((resolve) => sender.send('x', port, local, resolve))
      sender.close()
    }
    const octets = (address: string) => parseAddress(address) as string
    assert.equal(
      limitSenders(
        fd,
        [octets(missing), octets(local)].map((address) => ({ address, accept: 0 })),
      ),
      true,
    )
    await send(local)
    if (other !== undefined) await send(other)
    assert.equal(socketState(fd)?.drops, 5)
    assert.equal(limitSenders(fd, []), true)
    await send(local)
    while (got.length < (other === undefined ? 5 : 10)) await once(receiver, 'message')
    assert.equal(got.filter((address) => address === local).length, 5)
    assert.equal(socketState(fd)?.drops, 5)
  })
}
