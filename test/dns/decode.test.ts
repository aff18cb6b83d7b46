import assert from 'node:assert/strict'
import { test } from 'node:test'
import dnsPacket from 'dns-packet'
import { Rcode, Type } from '../../src/dns/codes.ts'
import { decodeMessage, decodeQuery, WireError } from '../../src/dns/decode.ts'
import { encodeError } from '../../src/dns/encode.ts'
import { parseName, printName } from '../../src/dns/name.ts'
import { encode32 } from '../../src/dns/octets.ts'
import { client, header, octets, opt, option, printSections, question, record } from './packets.ts'

const toQuestion = '\xc0\x0c'
const address = record(toQuestion, Type.A, '\x0a\0\0\x01')

/** Three labels of 63 octets, and one of this length: 194 octets and those. */
const longLabels = (last: number) =>
  `${`\x3f${'A'.repeat(63)}`.repeat(3)}${String.fromCharCode(last)}${'\xc1'.repeat(last)}\0`

test('a question is read with all its fields', () => {
  const from = client()
  const message = octets(
    header({ flags: 0x0130, additionals: 1 }),
    question('\x03WwW\x07Example\0', 28),
    opt({ flags: 0x8000 }),
  )
  assert.deepEqual(decodeQuery(message, from), {
    id: 0x1234,
    name: parseName('www.example.'),
    asked: parseName('WwW.Example.'),
    type: Type.AAAA,
    class: 1,
    opcode: 0,
    recursionDesired: true,
    authenticData: true,
    checkingDisabled: true,
    edns: { udpSize: 1232, version: 0, dnssecOk: true, options: [] },
    size: message.length,
    client: from,
  })
})

test('dns-packet asks what we read', () => {
  const message = dnsPacket.encode({
    type: 'query',
    id: 65_535,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: 'SRV', name: '_http._tcp.www.example' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 4096,
        flags: dnsPacket.DNSSEC_OK,
        options: [{ code: 3, data: Buffer.from('x') }],
      } as unknown as dnsPacket.OptAnswer,
    ],
  })
  const query = decodeQuery(message, client())
  assert.equal(printName(query.name), '_http._tcp.www.example.')
  assert.equal(query.type, Type.SRV)
  assert.equal(query.id, 65_535)
  assert.deepEqual(query.edns, { udpSize: 4096, version: 0, dnssecOk: true, options: [{ code: 3, data: 'x' }] })
})

// RFC 8906 8: what must not keep a question from being answered.
for (const [what, hasEdns, message] of [
  ['no EDNS', false, octets(header(), question())],
  ['an unknown type', false, octets(header(), question(undefined, 65_280))],
  ['another class', false, octets(header(), question(undefined, 1, 3))],
  ['the root as its name', false, octets(header(), question('\0', 2))],
  ['the longest name', false, octets(header(), question(`${'\x01a'.repeat(127)}\0`))],
  ['the longest name of the longest labels', false, octets(header(), question(longLabels(61)))],
  ['no flag at all', false, octets(header({ flags: 0 }), question())],
  ['the reserved flag', false, octets(header({ flags: 0x0140 }), question())],
  ['flags that only replies have', false, octets(header({ flags: 0x068f }), question())],
  ['NOTIFY and the SOA record', false, octets(header({ flags: 0x2400, answers: 1 }), question(undefined, 6), address)],
  ['IXFR and an authority record', false, octets(header({ authorities: 1 }), question(undefined, 251), address)],
  ['an additional record without EDNS', false, octets(header({ additionals: 1 }), question(), address)],
  ['EDNS before another record', true, octets(header({ additionals: 2 }), question(), opt(), address)],
  [
    'EDNS after another record',
    true,
    octets(header({ additionals: 2 }), question(), record('\x01a\0', 250, 'tsig'), opt()),
  ],
  ['an unknown option', true, octets(header({ additionals: 1 }), question(), opt({ rdata: option(100, '') }))],
  [
    'an option given twice',
    true,
    octets(header({ additionals: 1 }), question(), opt({ rdata: option(10, 'a') + option(10, 'b') })),
  ],
  ['unknown EDNS flags', true, octets(header({ additionals: 1 }), question(), opt({ flags: 0x7fff }))],
  ['an EDNS size of 0', true, octets(header({ additionals: 1 }), question(), opt({ udpSize: 0 }))],
  ['upper bits of an rcode', true, octets(header({ additionals: 1 }), question(), opt({ rcode: 255 }))],
  ['octets after its end', false, octets(header(), question(), 'more')],
] as const) {
  test(`a question with ${what} is read`, () => {
    const query = decodeQuery(message, client())
    assert.equal(query.id, 0x1234)
    assert.equal(query.size, message.length)
    assert.equal(query.edns !== undefined, hasEdns)
  })
}

// The replies are those of CoreDNS 1.14.7, seen on the wire, with these exceptions: it sets the opcode of FORMERR to QUERY,
// leaves TC, RA and AD of the question in it, and gives 0 as its size with BADVERS; it answers SERVFAIL to a bare header,
// and takes a message that ends where a record should begin, and OPT records that are not one of the root.
const silent = undefined
const withoutQuestion = header({ flags: 0x8101, questions: 0 })
const withQuestion = header({ flags: 0x8101 }) + question()
for (const [what, message, rcode, reply] of [
  ['no octets', octets(), Rcode.FORMERR, silent],
  ['less than a header', octets(header().slice(0, 11)), Rcode.FORMERR, silent],
  ['a reply', octets(header({ flags: 0x8100 }), question()), Rcode.FORMERR, silent],
  ['a reply to another operation', octets(header({ flags: 0xa900 })), Rcode.FORMERR, silent],
  ['STATUS', octets(header({ flags: 0x1110 }), question()), Rcode.NOTIMP, header({ flags: 0x9114, questions: 0 })],
  ['UPDATE', octets(header({ flags: 0x2800 }), question()), Rcode.NOTIMP, header({ flags: 0xa804, questions: 0 })],
  ['an unknown operation', octets(header({ flags: 0x7800 })), Rcode.NOTIMP, header({ flags: 0xf804, questions: 0 })],
  ['no question', octets(header({ questions: 0 })), Rcode.FORMERR, withoutQuestion],
  ['no question but EDNS', octets(header({ questions: 0, additionals: 1 }), opt()), Rcode.FORMERR, withoutQuestion],
  ['two questions', octets(header({ questions: 2 }), question(), question()), Rcode.FORMERR, withoutQuestion],
  ['two answers', octets(header({ answers: 2 }), question(), address, address), Rcode.FORMERR, withoutQuestion],
  [
    'two authority records',
    octets(header({ authorities: 2 }), question(), address, address),
    Rcode.FORMERR,
    withoutQuestion,
  ],
  [
    'three additional records',
    octets(header({ additionals: 3 }), question(), address, address, opt()),
    Rcode.FORMERR,
    withoutQuestion,
  ],
  ['nothing after the header', octets(header()), Rcode.FORMERR, withoutQuestion],
  ['a label of 67 octets', octets(header(), question('\x43www\0')), Rcode.FORMERR, withoutQuestion],
  ['a name of 256 octets', octets(header(), question(longLabels(62))), Rcode.FORMERR, withoutQuestion],
  ['a name of 257 octets', octets(header(), question(`${'\x01a'.repeat(128)}\0`)), Rcode.FORMERR, withoutQuestion],
  ['a pointer in the question', octets(header(), question('\xc0\0')), Rcode.FORMERR, withoutQuestion],
  ['a name cut short', octets(header(), '\x03ww'), Rcode.FORMERR, withoutQuestion],
  ['a question cut short', octets(header(), question().slice(0, -1)), Rcode.FORMERR, withoutQuestion],
  ['no record where there should be one', octets(header({ additionals: 1 }), question()), Rcode.FORMERR, withQuestion],
  [
    'a record cut short',
    octets(header({ additionals: 1 }), question(), opt().slice(0, -1)),
    Rcode.FORMERR,
    withQuestion,
  ],
  ['rdata cut short', octets(header({ answers: 1 }), question(), address.slice(0, -1)), Rcode.FORMERR, withQuestion],
  [
    'a bad owner',
    octets(header({ answers: 1 }), question(), record('\xc0\xff', 1, 'abcd')),
    Rcode.FORMERR,
    withQuestion,
  ],
  ['two OPT records', octets(header({ additionals: 2 }), question(), opt(), opt()), Rcode.FORMERR, withQuestion],
  [
    'an OPT record with an owner',
    octets(header({ additionals: 1 }), question(), opt({ owner: '\x01a\0' })),
    Rcode.FORMERR,
    withQuestion,
  ],
  ['an OPT record as an answer', octets(header({ answers: 1 }), question(), opt()), Rcode.FORMERR, withQuestion],
  [
    'an option beyond the record',
    octets(header({ additionals: 1 }), question(), opt({ rdata: '\0\x03\0\x05a' })),
    Rcode.FORMERR,
    withQuestion,
  ],
  [
    'NOTIFY with a bad record',
    octets(header({ flags: 0x2400, answers: 1 }), question()),
    Rcode.FORMERR,
    header({ flags: 0xa001 }) + question(),
  ],
  [
    'EDNS version 1',
    octets(header({ flags: 0x0110, additionals: 1 }), question(), opt({ version: 1, flags: 0x8000 })),
    Rcode.BADVERS,
    header({ flags: 0x8110, additionals: 1 }) + question() + opt({ rcode: 1 }),
  ],
  [
    'EDNS version 255 with an unknown option',
    octets(header({ additionals: 1 }), question('\x03WWW\0'), opt({ version: 255, rdata: option(100, 'x') })),
    Rcode.BADVERS,
    header({ flags: 0x8100, additionals: 1 }) + question('\x03WWW\0') + opt({ rcode: 1 }),
  ],
  // What is malformed is FORMERR, whatever version it is of.
  [
    'EDNS version 1, cut short',
    octets(header({ additionals: 2 }), question(), opt({ version: 1 })),
    Rcode.FORMERR,
    withQuestion,
  ],
] as const) {
  test(`${what} is ${reply === silent ? 'ignored' : 'refused'}`, () => {
    assert.throws(
      () => decodeQuery(message, client()),
      (error) => {
        assert.ok(error instanceof WireError)
        assert.equal(error.rcode, rcode)
        assert.equal(error.id, reply === silent ? undefined : 0x1234)
        assert.equal(encodeError(message, error)?.toString('latin1'), reply)
        return true
      },
    )
  })
}

const soa = `\x02ns\xc0\x0c\xc0\x0c${encode32(4711)}${'\0'.repeat(16)}`
for (const [what, type, records, serial] of [
  ['a SOA record', Type.IXFR, { authorities: [record(toQuestion, Type.SOA, soa)] }, 4711],
  ['a SOA record and an answer', Type.IXFR, { answers: [address], authorities: [record('\0', Type.SOA, soa)] }, 4711],
  ['a SOA record in its answer', Type.IXFR, { answers: [record(toQuestion, Type.SOA, soa)] }, undefined],
  ['another record', Type.IXFR, { authorities: [address] }, undefined],
  ['no record', Type.IXFR, {}, undefined],
  ['a SOA record and another question', Type.SOA, { authorities: [record(toQuestion, Type.SOA, soa)] }, undefined],
] as readonly [string, number, { answers?: string[]; authorities?: string[] }, number | undefined][]) {
  test(`the serial of an incremental transfer's asker is ${serial ?? 'unknown'} with ${what}`, () => {
    const { answers = [], authorities = [] } = records
    const counts = { answers: answers.length, authorities: authorities.length, additionals: 1 }
    const wire = octets(header(counts), question(undefined, type), ...answers, ...authorities, opt())
    const query = decodeQuery(Buffer.concat([wire, Buffer.alloc(5)]), client(), wire.length)
    assert.equal(query.serial, serial)
    assert.equal(query.edns?.udpSize, 1232)
  })
}

test('what stands behind the end of a message is as if it were not there', () => {
  const outcome = (message: Buffer, size: number): unknown => {
    try {
      return decodeQuery(message, client(), size)
    } catch (error) {
      assert.ok(error instanceof WireError)
      const { rcode, id, questionEnd } = error
      return { rcode, id, questionEnd }
    }
  }
  const soa = record(toQuestion, Type.SOA, `\0${toQuestion}${encode32(7)}${encode32(0).repeat(4)}`)
  for (const whole of [
    octets(header(), question(longLabels(61))),
    octets(
      header({ answers: 1, authorities: 1, additionals: 2 }),
      question('\x03WwW\x07example\0', Type.IXFR),
      address,
      soa,
      record('\x01a\0', 250, 'tsig'),
      opt({ rdata: option(10, 'abcdefgh') }),
    ),
  ]) {
    for (let size = 0; size <= whole.length; size++) {
      const alone = outcome(Buffer.from(whole.subarray(0, size)), size)
      for (const rest of [whole.subarray(size), Buffer.alloc(600), Buffer.alloc(600, 0x01), Buffer.alloc(600, 0xff)])
        assert.deepEqual(outcome(Buffer.concat([whole.subarray(0, size), rest]), size), alone)
    }
  }
})

test('a malformed SOA record of an incremental transfer is refused', () => {
  const wire = octets(header({ authorities: 1 }), question(undefined, Type.IXFR), record('\0', Type.SOA, soa.slice(1)))
  assert.throws(
    () => decodeQuery(wire, client()),
    (error) => {
      assert.ok(error instanceof WireError)
      const asked = header({ flags: 0x8101 }) + question(undefined, Type.IXFR)
      assert.equal(encodeError(wire, error)?.toString('latin1'), asked)
      return true
    },
  )
})

test('a message is read with all its parts', () => {
  const wire = octets(
    header({ id: 7, flags: 0x8583, questions: 1, answers: 2, authorities: 1, additionals: 2 }),
    question(),
    address,
    record(toQuestion, Type.A, '\x0a\0\0\x02'),
    record('\xc0\x10', Type.NS, '\x02ns\xc0\x10', 0xffff_ffff),
    record('\x02NS\xc0\x10', Type.TXT, '\x03abc\0'),
    opt({ rcode: 1, flags: 0x8000, rdata: option(15, '\0\x12') }),
    'after the end',
  )
  const message = decodeMessage(wire)
  const { answer, authority, additional, ...others } = message
  assert.deepEqual(others, {
    id: 7,
    opcode: 0,
    response: true,
    authoritative: true,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: true,
    authenticData: false,
    checkingDisabled: false,
    rcode: 19,
    questions: [{ name: parseName('www.example.'), type: 1, class: 1 }],
    edns: { udpSize: 1232, version: 0, dnssecOk: true, options: [{ code: 15, data: '\0\x12' }] },
  })
  assert.equal(answer.length, 1)
  assert.deepEqual(printSections(message), {
    answer: ['www.example. 5 IN A 10.0.0.1', 'www.example. 5 IN A 10.0.0.2'],
    authority: ['example. 4294967295 IN NS ns.example.'],
    additional: ['NS.example. 5 IN TXT "abc" ""'],
  })
  assert.equal(authority.length + additional.length, 2)
})

test('only neighbours of one owner, type, class and TTL make an rrset', () => {
  const lines = (...records: string[]) =>
    decodeMessage(octets(header({ answers: records.length }), question(), ...records)).answer.map(
      (rrset) => rrset.rdatas.length,
    )
  const other = record('\x01b\0', Type.A, 'abcd')
  assert.deepEqual(lines(address, address, address), [3])
  assert.deepEqual(lines(address, other, address), [1, 1, 1])
  assert.deepEqual(lines(address, record(toQuestion, Type.A, 'abcd', 6)), [1, 1])
  assert.deepEqual(lines(address, record(toQuestion, Type.TXT, '\0')), [1, 1])
  assert.deepEqual(lines(address, record('\x03WWW\x07example\0', Type.A, 'abcd')), [1, 1])
  assert.deepEqual(lines(address, record('\x03www\xc0\x10', Type.A, 'abcd')), [2])
})

for (const [type, rdata, expected] of [
  [Type.CNAME, '\x01a\xc0\x10', 'a.example.'],
  [Type.PTR, '\xc0\x0c', 'www.example.'],
  [Type.DNAME, '\xc0\x10', 'example.'],
  [Type.MX, '\0\x0a\xc0\x0c', '10 www.example.'],
  [Type.SRV, '\0\x01\0\x02\0\x03\xc0\x0c', '1 2 3 www.example.'],
  [Type.SOA, `\xc0\x0c\x01h\xc0\x10${'\0\0\0\x01'.repeat(5)}`, 'www.example. h.example. 1 1 1 1 1'],
  // NAPTR, RP and SIG: older types whose names are decompressed too (RFC 3597 4).
  [Type.NAPTR, '\0\x01\0\x02\x01u\0\x01!\xc0\x10', '1 2 "u" "" "!" example.'],
  [17, '\xc0\x10\xc0\x10', 'example. example.'],
  [24, `${'x'.repeat(18)}\xc0\x10sig`, `\\# 30 ${'78'.repeat(18)}076578616d706c6500736967`],
  // Of other types nothing is known, though it may look like a pointer.
  [65_280, '\xc0\x0c', '\\# 2 c00c'],
  [Type.SVCB, '\0\x01\xc0\x0c', '\\# 4 0001c00c'],
  [Type.NULL, '', '\\# 0'],
] as const) {
  test(`rdata of type ${type} is ${expected}`, () => {
    const message = decodeMessage(octets(header({ answers: 1 }), question(), record(toQuestion, type, rdata)))
    const [line = ''] = printSections(message).answer
    assert.equal(line.split(' ').slice(4).join(' '), expected)
  })
}

for (const [what, wire] of [
  ['no octets', octets()],
  ['less than a header', octets('\0\0\0')],
  ['a question that is missing', octets(header())],
  ['a question cut short', octets(header(), '\0\0\x01\0')],
  ['an answer that is missing', octets(header({ answers: 1 }), question())],
  ['a record cut short', octets(header({ answers: 1 }), question(), '\0\0\x01\0\x01\0\0\0\0\0')],
  ['rdata cut short', octets(header({ answers: 1 }), question(), address.slice(0, -1))],
  ['an A record of three octets', octets(header({ answers: 1 }), question(), record('\0', Type.A, 'abc'))],
  ['an A record of five octets', octets(header({ answers: 1 }), question(), record('\0', Type.A, 'abcde'))],
  ['an AAAA record of four octets', octets(header({ answers: 1 }), question(), record('\0', Type.AAAA, 'abcd'))],
  ['a CNAME without a name', octets(header({ answers: 1 }), question(), record('\0', Type.CNAME, ''))],
  ['a CNAME with more than a name', octets(header({ answers: 1 }), question(), record('\0', Type.CNAME, '\0x'))],
  [
    'a name that goes on after its record',
    octets(header({ answers: 1 }), question(), record('\0', Type.CNAME, '\x01'), 'a\0'),
  ],
  [
    'a SIG record whose name goes on after it',
    octets(header({ answers: 1 }), question(), record('\0', 24, `${'x'.repeat(18)}\x01`), 'a\0'),
  ],
  ['a SOA record without its numbers', octets(header({ answers: 1 }), question(), record('\0', Type.SOA, '\0\0'))],
  ['an SRV record of five octets', octets(header({ answers: 1 }), question(), record('\0', Type.SRV, 'abcde'))],
  [
    'an MX record at the end of the message, cut short',
    octets(header({ answers: 1 }), question(), record('\0', Type.MX, 'a')),
  ],
  [
    'a NAPTR record with a string beyond it',
    octets(header({ answers: 1 }), question(), record('\0', Type.NAPTR, 'abcd\x09a')),
  ],
  ['a TXT record without a string', octets(header({ answers: 1 }), question(), record('\0', Type.TXT, ''))],
  ['a TXT record with a string beyond it', octets(header({ answers: 1 }), question(), record('\0', Type.TXT, '\x02a'))],
  ['a CAA record with a tag beyond it', octets(header({ answers: 1 }), question(), record('\0', Type.CAA, '\0\x05a'))],
  ['two OPT records', octets(header({ additionals: 2 }), question(), opt(), opt())],
  ['an OPT record as an answer', octets(header({ answers: 1 }), question(), opt())],
  ['an OPT record with an owner', octets(header({ additionals: 1 }), question(), opt({ owner: '\x01a\0' }))],
  ['an option beyond its record', octets(header({ additionals: 1 }), question(), opt({ rdata: '\0\x03\0\x05a' }))],
] as const) {
  test(`a message with ${what} is refused`, () => {
    assert.throws(() => decodeMessage(wire), {
      name: 'WireError',
      rcode: Rcode.FORMERR,
      id: wire.length < 12 ? undefined : 0x1234,
    })
  })
}

test('other operations and any number of questions are read', () => {
  const message = decodeMessage(
    octets(header({ flags: 0x2a00, questions: 2 }), question(), question('\x01b\xc0\x10', 6)),
  )
  assert.equal(message.opcode, 5)
  assert.equal(message.truncated, true)
  assert.deepEqual(
    message.questions.map(({ name, type }) => [printName(name), type]),
    [
      ['www.example.', 1],
      ['b.example.', 6],
    ],
  )
})
