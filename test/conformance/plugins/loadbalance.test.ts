// loadbalance over the wire: the order of records in an answer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRecords } from '../../../src/dns/text.ts'
import { type Behaviour, records, replyTo } from '../../upstream.ts'
import { askSubject, compare, withSubject } from '../suite.ts'

const corefile = (lines: string) => `. {
    bind 127.0.0.1
    errors
    loadbalance round_robin${lines}
    forward . {$UPSTREAM}
}
`
const addresses = ['10.0.0.1', '10.0.0.2', '172.16.0.1', '192.168.0.1']

/** An alias behind its addresses, where some C libraries miss it. */
const behave: Behaviour = ({ query }) => {
  const lines = addresses.map((address) => `target.test. 60 IN A ${address}`)
  return [{ send: replyTo(query, { answer: records(...lines, 'www.test. 60 IN CNAME target.test.') }) }]
}

/** The data of each answer's records, in their order. */
async function orders(port: number, times: number): Promise<string[][]> {
  const all: string[][] = []
  for (let count = 0; count < times; count++) {
    const got = await askSubject(port, 'www.test. A')
    all.push((got?.reply.answer ?? []).flatMap(printRecords).map((line) => line.replace(/.* /, '')))
  }
  return all
}

withSubject(
  'loadbalance',
  (portOf) => {
    test('aliases are first, and every address is the first of them at times', async () => {
      const all = await orders(portOf(), 120)
      compare([...new Set(all.map(([first]) => first))], ['target.test.'], undefined)
      compare([...new Set(all.map(([, second]) => second))].sort(), addresses, undefined)
      assert.ok(all.every((order) => order.length === addresses.length + 1))
    })
  },
  { corefile: corefile(''), behave },
)

withSubject(
  'loadbalance { prefer }',
  (portOf) => {
    test('addresses of the networks that are preferred are first', async () => {
      const all = await orders(portOf(), 40)
      compare([...new Set(all.map((order) => order[1]))], ['192.168.0.1'], undefined)
      compare([...new Set(all.map((order) => order[2]))], ['172.16.0.1'], undefined)
      compare([...new Set(all.map((order) => order[3]))].sort(), ['10.0.0.1', '10.0.0.2'], undefined)
    })
  },
  { corefile: corefile(' {\n        prefer 192.168.0.0/16 172.16.0.0/12\n    }'), behave },
)
