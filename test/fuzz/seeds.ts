// Writes decode.in/, the messages that decode.test.ts starts from, by hand: node test/fuzz/seeds.ts
//
// Beside ordinary ones they are those that hurt decoders: loops, chains and fans of compression pointers, up to the largest
// UDP payload of IPv4. A message that a run finds to break something is added as a file of its own.
import { mkdirSync, writeFileSync } from 'node:fs'
import { encodeMessage, encodeReply } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { reply } from '../../src/dns/reply.ts'
import { ask, header, octets, opt, option, parseQuestion, plainEdns, question, record, rrsets } from '../dns/packets.ts'

const largest = 65_507
const folder = new URL('decode.in/', import.meta.url)

const pointer = (to: number): string => String.fromCharCode(0xc0 | (to >> 8), to & 0xff)
/** The last places that a pointer can lead to wrap around, so that chains go on in another lap. */
const near = (to: number): string => pointer(Math.min(to, 0x3fff))
const longest = `${'\x01a'.repeat(127)}\0`
const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('')

function answered(text: string, over: 'udp' | 'tcp', ...lines: string[]): Buffer {
  const query = ask(text, { over, edns: plainEdns })
  const into = Buffer.alloc(65_535)
  const [first = '', ...others] = lines
  const fields = { authoritative: true, answer: rrsets(first), authority: [], additional: rrsets(...others) }
  return Buffer.from(into.subarray(0, encodeReply(query, reply(fields), into)))
}

/** Questions of six octets, each a pointer to the question before: one hop more every time. */
function chainOfQuestions(size: number): Buffer {
  const count = Math.floor((size - 12 - 7) / 6)
  return octets(
    header({ questions: count + 1 }),
    question('\x01a\0'),
    times(count, (i) => question(near(i === 0 ? 12 : 13 + 6 * i))),
  )
}

/** One answer whose rdata is a chain of pointers, and one that leads into its end. */
function chainInRdata(size: number): Buffer {
  const start = 12 + 5 + 1 + 10
  const count = Math.min(Math.floor((size - start - 14) / 2), 32_000)
  const chain = times(count, (i) => near(i === 0 ? 12 : start + 2 * (i - 1)))
  const end = Math.min(start + 2 * (count - 1), 0x3ffe)
  return octets(header({ answers: 2 }), question('\0'), record('\0', 10, chain), record(pointer(end), 1, 'abcd'))
}

/** Records whose owners and rdata all are the longest name, by pointers to two places in turn. */
function fan(size: number, type: number): Buffer {
  const count = Math.floor((size - 12 - 259) / 14)
  return octets(
    header({ flags: 0x8180, answers: count }),
    question(longest),
    times(count, (i) => record(pointer(12 + 2 * (i % 2)), type, pointer(14 - 2 * (i % 2)))),
  )
}

const seeds: Readonly<Record<string, Buffer>> = {
  'query-a': octets(header(), question()),
  'query-edns-cookie': octets(
    header({ additionals: 1 }),
    question(),
    opt({ flags: 0x8000, rdata: option(10, 'abcdefgh') }),
  ),
  'query-tsig': octets(header({ additionals: 2 }), question(), opt(), record('\x03key\0', 250, 'x'.repeat(40))),
  'query-notify': octets(
    header({ flags: 0x2400, answers: 1 }),
    question('\x07example\0', 6),
    record(pointer(12), 6, `\0\0${'\0'.repeat(20)}`),
  ),
  'query-ixfr': octets(
    header({ authorities: 1 }),
    question('\x07example\0', 251),
    record(pointer(12), 6, `\0\0${'\0'.repeat(20)}`),
  ),
  'query-longest-name': octets(header(), question(longest)),
  'query-from-us': encodeMessage(message({ id: 1, questions: [parseQuestion('www.example. AAAA')], edns: plainEdns })),
  'reply-a': answered('www.example. A', 'udp', 'www.example. 5 IN A 10.0.0.1'),
  'reply-cname': answered('www.example. A', 'udp', 'www.example. 5 IN CNAME a.example.', 'a.example. 5 IN A 10.0.0.1'),
  'reply-srv': answered(
    '_http._tcp.a.svc.cluster.local. SRV',
    'udp',
    '_http._tcp.a.svc.cluster.local. 5 IN SRV 0 50 80 b.a.svc.cluster.local.',
    'b.a.svc.cluster.local. 5 IN A 10.0.0.1',
    'b.a.svc.cluster.local. 5 IN AAAA 2001:db8::1',
  ),
  'reply-ptr': answered('1.0.0.10.in-addr.arpa. PTR', 'udp', '1.0.0.10.in-addr.arpa. 5 IN PTR a.svc.cluster.local.'),
  'reply-soa': answered('x.example. A', 'udp', 'example. 5 IN SOA ns.example. host.example. 1 2 3 4 5'),
  'reply-txt': answered('x. TXT', 'udp', 'x. 5 IN TXT "a" "" "\\255\\000"'),
  'reply-https': answered(
    'x. HTTPS',
    'udp',
    'x. 5 IN HTTPS 1 . mandatory=alpn alpn="h2,h3" port=8443 ipv4hint=10.0.0.1 key667="x"',
  ),
  'reply-mx-caa-hinfo': answered(
    'x. MX',
    'udp',
    'x. 5 IN MX 10 m.x.',
    'x. 5 IN CAA 0 issue "ca"',
    'x. 5 IN HINFO "a" "b"',
  ),
  'reply-naptr': answered(
    'x. NAPTR',
    'udp',
    'x. 5 IN NAPTR \\# 10 00010002016101620000',
    'x. 5 IN TYPE65280 \\# 2 c00c',
  ),
  'reply-badvers': octets(header({ flags: 0x8100, additionals: 1 }), question(), opt({ rcode: 1 })),
  'reply-large': answered(
    'x. A',
    'tcp',
    'x. 5 IN TXT "a"',
    ...Array.from({ length: 800 }, (_, i) => `h${i}.x. 5 IN PTR t${i % 7}.h${i}.x.`),
  ),
  'pointer-to-itself': octets(header(), question(pointer(12))),
  'pointer-loop-of-two': octets(
    header({ answers: 1 }),
    question(`\x01a${pointer(16)}${pointer(12)}`),
    record(pointer(12), 1, 'abcd'),
  ),
  'pointer-loop-with-labels': octets(header({ answers: 1 }), question('\0'), record(`\x01a${pointer(17)}`, 1, 'abcd')),
  'pointer-into-the-header': octets(header({ answers: 1 }), question(), record(pointer(2), 1, 'abcd')),
  'pointer-chain-512': chainInRdata(512),
  'pointer-chain-4096': chainInRdata(4096),
  'pointer-chain-65507': chainInRdata(largest),
  'pointer-chain-of-questions-1232': chainOfQuestions(1232),
  'pointer-chain-of-questions-65507': chainOfQuestions(largest),
  'pointer-fan-ptr-1232': fan(1232, 12),
  'pointer-fan-ptr-65507': fan(largest, 12),
  'pointer-loops-65507': octets(
    header({ questions: 10_900 }),
    times(10_900, (i) => question(pointer(Math.min(12 + 6 * (i ^ 1), 0x3fff)))),
  ),
  'labels-65507': octets(
    header({ questions: 252 }),
    times(252, () => question(longest)),
  ),
  'options-65507': octets(header({ additionals: 1 }), question(), opt({ rdata: times(16_000, () => option(10, '')) })),
}

mkdirSync(folder, { recursive: true })
for (const [name, seed] of Object.entries(seeds)) {
  // Octets after the last record mean nothing, but make the largest what they are called.
  const filled = name.endsWith(`-${largest}`) ? Buffer.concat([seed], largest) : seed
  writeFileSync(new URL(`${name}.bin`, folder), filled)
}
