// What becomes of messages that are unusual or wrong, by UDP: RFC 1035 4.1, RFC 6891 6, RFC 8906 8.
import { test } from 'node:test'
import { printOpcode, printRcode } from '../../../src/dns/codes.ts'
import { decodeMessage } from '../../../src/dns/decode.ts'
import { encodeMessage } from '../../../src/dns/encode.ts'
import { type Message, message } from '../../../src/dns/message.ts'
import { parseName, printName } from '../../../src/dns/name.ts'
import { ask } from '../../server/ask.ts'
import { compare, withSubject } from '../suite.ts'

const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }
const name = parseName('svc1.testns.svc.cluster.local.')
const question = { name, type: 1, class: 1 }
const asked = (fields: Partial<Message> = {}): Buffer =>
  encodeMessage(message({ id: 4711, recursionDesired: true, questions: [question], ...fields }))

/** The message with an octet changed. */
const changed = (octets: Buffer, at: number, change: (octet: number) => number): Buffer => {
  const copy = Buffer.from(octets)
  copy[at] = change(copy[at] as number)
  return copy
}

interface Row {
  readonly title: string
  readonly send: Buffer
  readonly expect: string
  readonly differs?: string
}

const rows: readonly Row[] = [
  { title: '8906 8.1.1: a plain question', send: asked(), expect: 'QUERY NOERROR aa rd; 1 question, 1 answer' },
  {
    title: '8906 8.1.2: an unknown type',
    send: asked({ questions: [{ ...question, type: 1000 }] }),
    expect: 'QUERY NOERROR aa rd; 1 question, 0 answers',
  },
  {
    title: '8906 8.1.3.1: CD is copied',
    send: asked({ checkingDisabled: true }),
    expect: 'QUERY NOERROR aa rd cd; 1 question, 1 answer',
  },
  {
    title: '8906 8.1.3.2: AD is not claimed for what is not signed',
    send: asked({ authenticData: true }),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer',
  },
  {
    title: '8906 8.1.3.3: the reserved bit is not copied',
    send: changed(asked(), 3, (octet) => octet | 0x40),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer',
  },
  {
    title: '8906 8.1.3.4: RD is copied',
    send: asked({ recursionDesired: false }),
    expect: 'QUERY NOERROR aa; 1 question, 1 answer',
  },
  {
    title: '8906 8.1.4: an unknown opcode',
    send: changed(asked(), 2, (octet) => octet | 0x78),
    expect: 'OPCODE15 NOTIMP',
  },
  { title: '8906 8.2.1: EDNS', send: asked({ edns }), expect: 'QUERY NOERROR aa rd; 1 question, 1 answer; edns 0' },
  {
    title: '8906 8.2.2: an unknown version of EDNS',
    send: asked({ edns: { ...edns, version: 1 } }),
    expect: 'QUERY BADVERS; edns 0',
  },
  {
    title: '8906 8.2.3: an unknown option is not sent back',
    send: asked({ edns: { ...edns, options: [{ code: 100, data: 'x' }] } }),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer; edns 0',
  },
  {
    title: '8906 8.2.4: unknown flags of EDNS are not sent back',
    send: changed(asked({ edns }), asked({ edns }).length - 3, (octet) => octet | 1),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer; edns 0',
  },
  {
    title: '8906 8.2.5: an unknown version of EDNS with unknown flags',
    send: changed(asked({ edns: { ...edns, version: 1 } }), asked({ edns }).length - 3, (octet) => octet | 1),
    expect: 'QUERY BADVERS; edns 0',
  },
  {
    title: '8906 8.2.6: an unknown version of EDNS with an unknown option',
    send: asked({ edns: { ...edns, version: 1, options: [{ code: 100, data: 'x' }] } }),
    expect: 'QUERY BADVERS; edns 0',
  },
  {
    title: '8906 8.2.9: an unknown version of EDNS with DO',
    send: asked({ edns: { ...edns, version: 1, dnssecOk: true } }),
    expect: 'QUERY BADVERS; edns 0',
  },
  {
    title: '8906 8.2.10: several known options',
    send: asked({
      edns: {
        ...edns,
        options: [
          { code: 3, data: '' },
          { code: 8, data: '\x00\x01\x00\x00' },
          { code: 10, data: '12345678' },
          { code: 9, data: '' },
        ],
      },
    }),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer; edns 0',
  },
  {
    title: '8906 8.2.8: DO is copied',
    send: asked({ edns: { ...edns, dnssecOk: true } }),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer; edns 0 do',
  },
  {
    title: '6891 7: no OPT record for those who sent none',
    send: asked(),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer',
  },
  {
    title: '6891 6.1.1: an OPT record is no answer',
    send: Buffer.concat([
      changed(
        changed(asked(), 7, () => 1),
        11,
        () => 0,
      ),
      asked({ edns }).subarray(asked().length),
    ]),
    expect: 'QUERY FORMERR',
    differs: 'it looks at additional records only',
  },
  {
    title: '6891 6.1.2: an option that is longer than the rest',
    send: Buffer.concat([changed(asked({ edns }), asked({ edns }).length - 1, () => 4), Buffer.from([0, 100, 0, 9])]),
    expect: 'QUERY FORMERR',
  },
  { title: '8906 8.1.4: STATUS', send: changed(asked(), 2, (octet) => octet | 0x10), expect: 'STATUS NOTIMP' },
  { title: '2136: UPDATE', send: changed(asked(), 2, (octet) => octet | 0x28), expect: 'UPDATE NOTIMP' },
  { title: '3425 3: IQUERY', send: changed(asked(), 2, (octet) => octet | 0x08), expect: 'OPCODE1 NOTIMP' },
  {
    title: '1035 4.1.4: a name that is a pointer to itself',
    send: Buffer.concat([asked().subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]),
    expect: 'QUERY FORMERR',
  },
  {
    title: '1035 4.1.4: a name that points behind itself',
    send: Buffer.concat([asked().subarray(0, 12), Buffer.from([0xc0, 18, 0, 1, 0, 1, 1, 0x61, 0])]),
    expect: 'QUERY FORMERR',
    differs: 'it follows pointers in any direction (RFC 1035 has them point to what stood before)',
  },
  {
    title: '6891 5: a label of another kind',
    send: Buffer.concat([asked().subarray(0, 12), Buffer.from([0x41, 1, 0, 0, 1, 0, 1])]),
    expect: 'QUERY FORMERR',
  },
  {
    title: '1035 2.3.4: a name of more than 255 octets',
    send: Buffer.concat([
      asked().subarray(0, 12),
      ...Array.from({ length: 5 }, () => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 'a')])),
      Buffer.from([0, 0, 1, 0, 1]),
    ]),
    expect: 'QUERY FORMERR',
  },
  {
    title: '1035 4.1.2: half a question',
    send: asked().subarray(0, -2),
    expect: 'QUERY FORMERR',
    differs: 'it takes the class for 0, and refuses it',
  },
  {
    title: '1035 4.1: octets behind the message are ignored',
    send: Buffer.concat([asked(), Buffer.from('junk')]),
    expect: 'QUERY NOERROR aa rd; 1 question, 1 answer',
  },
  { title: '1035 4.1.1: no question', send: changed(asked(), 5, () => 0), expect: 'QUERY FORMERR' },
  { title: '1035 4.1.1: two questions', send: changed(asked(), 5, () => 2), expect: 'QUERY FORMERR' },
  { title: '1035 4.1.1: a reply is nothing to be answered', send: asked({ response: true }), expect: 'silence' },
  { title: '1035 4.1.1: half a header', send: asked().subarray(0, 6), expect: 'silence' },
  {
    title: '6891 6.1.1: two OPT records',
    send: Buffer.concat([changed(asked({ edns }), 11, () => 2), asked({ edns }).subarray(asked().length)]),
    expect: 'QUERY FORMERR',
    differs: 'it takes the first',
  },
  {
    title: '1035 3.2.4: another class',
    send: asked({ questions: [{ ...question, class: 3 }] }),
    expect: 'QUERY REFUSED',
  },
]

/** What a reply says, in words; questions and sections only of those that answer. */
function tell(reply: Buffer | undefined): string {
  if (reply === undefined) return 'silence'
  const got = decodeMessage(reply)
  const flags = [
    [got.authoritative, 'aa'],
    [got.truncated, 'tc'],
    [got.recursionDesired, 'rd'],
    [got.recursionAvailable, 'ra'],
    [got.authenticData, 'ad'],
    [got.checkingDisabled, 'cd'],
  ]
    .filter(([set]) => set)
    .map(([, flag]) => flag)
  const edns = got.edns === undefined ? [] : [`edns ${got.edns.version}${got.edns.dnssecOk ? ' do' : ''}`]
  const head = `${printOpcode(got.opcode)} ${printRcode(got.rcode)}`
  if (got.rcode !== 0) return [head, ...edns].join('; ')
  const answers = got.answer.reduce((count, { rdatas }) => count + rdatas.length, 0)
  const counted = `${got.questions.length} question, ${answers} answer${answers === 1 ? '' : 's'}`
  return [[head, ...flags].join(' '), counted, ...edns].join('; ')
}

withSubject('messages', (portOf) => {
  for (const { title, send, expect, differs } of rows) {
    test(title, async () => {
      const reply = await ask(portOf(), send, { wait: expect === 'silence' ? 500 : 5000 })
      compare(tell(reply), expect, differs)
    })
  }

  test('4343 4.1: the question comes back in the case it was asked in', async () => {
    const asMixed = { ...question, name: parseName('SvC1.TestNS.svc.ClusteR.local.') }
    const reply = await ask(portOf(), asked({ questions: [asMixed] }))
    const got = reply === undefined ? undefined : decodeMessage(reply)
    compare(
      [got?.questions.map((back) => printName(back.name)), got?.answer.map(({ owner }) => printName(owner))],
      [['SvC1.TestNS.svc.ClusteR.local.'], ['SvC1.TestNS.svc.ClusteR.local.']],
      undefined,
    )
  })
})
