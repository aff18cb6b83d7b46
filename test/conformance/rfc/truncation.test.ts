// Replies larger than what the client takes: RFC 2181 9, RFC 6891 6.2.3 to 6.2.5, RFC 7766 5.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { type Behaviour, honest, records, replyTo } from '../../upstream.ts'
import { askSubject, compare, withSubject } from '../suite.ts'

const corefile = `. {
    bind 127.0.0.1
    errors
    hosts {$FOLDER}/hosts {
        fallthrough
    }
    forward . {$UPSTREAM}
}
`
const addresses = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `10.9.${index >> 8}.${index & 255} ${name}\n`).join('')

// An address record of a compressed owner is 16 octets, the rest of such a reply 12 + 30 and with EDNS 11 more.
const hosts = addresses(20, 'twenty.example') + addresses(60, 'sixty.example') + addresses(200, 'hundreds.example')

/** Large by TCP only: by UDP an upstream says that there is more. */
const behave: Behaviour = (asked) => {
  const name = asked.query.questions[0]?.name ?? assert.fail('no question')
  if (asked.query.questions[0]?.type !== 16) return honest(asked)
  const lines = Array.from({ length: 40 }, (_, index) => `${printName(name)} 60 IN TXT "${'x'.repeat(90)}${index}"`)
  if (asked.transport === 'udp') return [{ send: replyTo(asked.query, { truncated: true }) }]
  return [{ send: replyTo(asked.query, { answer: records(...lines) }) }]
}

interface Row {
  readonly title: string
  readonly ask: string
  readonly udpSize?: number
  /** The most octets of the reply. */
  readonly most: number
  /** How many records there are; fewer come with TC. */
  readonly records: number
  readonly truncated: boolean
  readonly differs?: string
}

const ours = 'its UDP messages are as large as the client takes, even where they are cut up on the way'

const rows: readonly Row[] = [
  { title: 'a client without EDNS: what fits', ask: 'twenty.example. A', most: 512, records: 20, truncated: false },
  { title: 'a client without EDNS: what does not', ask: 'sixty.example. A', most: 512, records: 60, truncated: true },
  {
    title: '6891 6.2.5: a size under 512 is 512',
    ask: 'twenty.example. A',
    udpSize: 100,
    most: 512,
    records: 20,
    truncated: false,
  },
  { title: 'EDNS with 512', ask: 'sixty.example. A', udpSize: 512, most: 512, records: 60, truncated: true },
  { title: 'EDNS with 900', ask: 'sixty.example. A', udpSize: 900, most: 900, records: 60, truncated: true },
  { title: 'EDNS with 1232', ask: 'sixty.example. A', udpSize: 1232, most: 1232, records: 60, truncated: false },
  {
    title: 'EDNS with 1232: too large',
    ask: 'hundreds.example. A',
    udpSize: 1232,
    most: 1232,
    records: 200,
    truncated: true,
  },
  {
    title: 'EDNS with 4096: no more than 1232',
    ask: 'hundreds.example. A',
    udpSize: 4096,
    most: 1232,
    records: 200,
    truncated: true,
    differs: ours,
  },
  { title: 'of an upstream', ask: 'large.test. TXT', udpSize: 1232, most: 1232, records: 40, truncated: true },
]

withSubject(
  'truncation',
  (portOf) => {
    for (const { title, ask, udpSize, most, records: whole, truncated, differs } of rows) {
      test(title, async () => {
        const got = await askSubject(portOf(), ask, udpSize === undefined ? {} : { udpSize })
        assert.ok(got, 'a reply')
        const count = got.reply.answer.flatMap(printRecords).length
        const told = { truncated: got.reply.truncated, fits: got.size <= most, whole: count === whole }
        compare(told, { truncated, fits: true, whole: !truncated }, differs)
      })
    }
    for (const [ask, count] of [
      ['twenty.example. A', 20],
      ['hundreds.example. A', 200],
      ['large.test. TXT', 40],
    ] as const) {
      test(`TCP has the whole of ${ask}`, async () => {
        const got = await askSubject(portOf(), ask, { transport: 'tcp' })
        compare([got?.reply.truncated, got?.reply.answer.flatMap(printRecords).length], [false, count], undefined)
      })
    }
    test('the question is always there, and an OPT record for those who sent one', async () => {
      const plain = await askSubject(portOf(), 'hundreds.example. A')
      const extended = await askSubject(portOf(), 'hundreds.example. A', { udpSize: 512 })
      const told = [plain, extended].map((got) => [got?.reply.questions.length, got?.reply.edns !== undefined])
      compare(
        told,
        [
          [1, false],
          [1, true],
        ],
        undefined,
      )
    })
  },
  { corefile, behave, files: { hosts } },
)
