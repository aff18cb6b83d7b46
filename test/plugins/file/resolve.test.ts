import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Opcode } from '../../../src/dns/codes.ts'
import { errorReply, reply, silence } from '../../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import type { Next } from '../../../src/plugin.ts'
import { answerFrom, type Case, handlerFor, run, serverFor } from '../../ask.ts'
import { queryOf, recordLog } from '../../context.ts'
import { copiesOfTexts } from './zones.ts'

const text = `
$TTL 300
@           3600 SOA ns1 admin 2024010101 7200 1800 604800 60
            NS  ns1
            NS  ns.elsewhere.test.
            A   192.0.2.1
            MX  10 mail
            MX  20 mail2.elsewhere.test.
            TXT "v=spf1 -all"
ns1         A   192.0.2.53
            AAAA 2001:db8::53
www         A   192.0.2.80
            A   192.0.2.81
Mixed.Case  A   192.0.2.90
mail        A   192.0.2.25
_sip._tcp   SRV 0 5 5060 sip
            SRV 0 5 5061 sip
            SRV 0 5 5060 sip.elsewhere.test.
sip         AAAA 2001:db8::5060
svc         HTTPS 1 www alpn="h2"
            HTTPS 2 www port=1
strange     TYPE731 \\# 2 abcd
; names that only have names below them
deep.in.the.tree A 192.0.2.99
; aliases
alias       CNAME www
alias2      CNAME Alias
to-nothing  CNAME nothing
to-nodata   CNAME mail
to-outside  CNAME www.elsewhere.test.
to-wild     CNAME x.wild
to-cut      CNAME www.sub
circle      CNAME circle2
circle2     CNAME circle
self        CNAME self
both        CNAME www
; wildcards
*.wild      A   192.0.2.100
            TXT "wild"
            MX  10 mail
there.wild  AAAA 2001:db8::1
a.ent.wild  A   192.0.2.101
*.alias     CNAME www
*.star.only TXT "below a wildcard"
; delegations
sub         NS  ns.sub
            NS  ns1
            NS  ns.elsewhere.test.
            DS  12345 13 2 ABCDEF
ns.sub      A   192.0.2.54
www.sub     A   192.0.2.55
unsigned    NS  ns.elsewhere.test.
; DNAME
old         DNAME new
            TXT "at the owner"
www.new     A   192.0.2.70
mail.new    MX  10 mail
out         DNAME elsewhere.test.
long        DNAME ${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}
loop        DNAME loop
`

const servers = ['example.org. 300 IN NS ns1.example.org.', 'example.org. 300 IN NS ns.elsewhere.test.']
const addresses = ['ns1.example.org. 300 IN A 192.0.2.53', 'ns1.example.org. 300 IN AAAA 2001:db8::53']
const soa = 'example.org. 3600 IN SOA ns1.example.org. admin.example.org. 2024010101 7200 1800 604800 60'
const denied = [soa.replace('3600', '60')]
const www = (owner: string) => [`${owner} 300 IN A 192.0.2.80`, `${owner} 300 IN A 192.0.2.81`]
const mail = ['mail.example.org. 300 IN A 192.0.2.25']
const cut = {
  authoritative: false,
  authority: [
    'sub.example.org. 300 IN NS ns.sub.example.org.',
    'sub.example.org. 300 IN NS ns1.example.org.',
    'sub.example.org. 300 IN NS ns.elsewhere.test.',
  ],
  additional: ['ns.sub.example.org. 300 IN A 192.0.2.54', ...addresses],
}
const dnssec = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }
const long = `${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.example.org.`

const cases: readonly Case[] = [
  // The apex.
  { ask: 'example.org. SOA', answer: [soa], authority: servers, plugin: 'file' },
  { ask: 'example.org. NS', answer: servers, additional: addresses },
  { ask: 'example.org. A', answer: ['example.org. 300 IN A 192.0.2.1'], authority: servers },
  {
    ask: 'example.org. MX',
    answer: ['example.org. 300 IN MX 10 mail.example.org.', 'example.org. 300 IN MX 20 mail2.elsewhere.test.'],
    authority: servers,
    additional: mail,
  },
  { ask: 'example.org. AAAA', authority: denied },
  { ask: 'example.org. DS', authority: denied },
  // Names.
  { ask: 'www.example.org. A', answer: www('www.example.org.'), authority: servers },
  { ask: 'WWW.Example.ORG. A', answer: www('WWW.Example.ORG.'), authority: servers },
  { ask: 'mixed.case.example.org. A', answer: ['mixed.case.example.org. 300 IN A 192.0.2.90'], authority: servers },
  { ask: 'www.example.org. AAAA', authority: denied },
  { ask: 'www.example.org. NS', authority: denied },
  {
    ask: 'strange.example.org. TYPE731',
    answer: ['strange.example.org. 300 IN TYPE731 \\# 2 abcd'],
    authority: servers,
  },
  { ask: 'nothing.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  { ask: 'x.www.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  { ask: '\\001*.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  // Of ANY, one rrset (RFC 8482 4.1).
  { ask: 'www.example.org. ANY', answer: www('www.example.org.'), authority: servers },
  { ask: 'alias.example.org. ANY', answer: ['alias.example.org. 300 IN CNAME www.example.org.'], authority: servers },
  { ask: 'nothing.example.org. ANY', rcode: 'NXDOMAIN', authority: denied },
  // Those without records of their own.
  { ask: 'in.the.tree.example.org. A', authority: denied },
  { ask: 'tree.example.org. ANY', authority: denied },
  { ask: 'x.tree.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  { ask: '_tcp.example.org. SRV', authority: denied },
  // What is wanted next, each name once.
  {
    ask: '_sip._tcp.example.org. SRV',
    answer: [
      '_sip._tcp.example.org. 300 IN SRV 0 5 5060 sip.example.org.',
      '_sip._tcp.example.org. 300 IN SRV 0 5 5061 sip.example.org.',
      '_sip._tcp.example.org. 300 IN SRV 0 5 5060 sip.elsewhere.test.',
    ],
    authority: servers,
    additional: ['sip.example.org. 300 IN AAAA 2001:db8::5060'],
  },
  {
    ask: 'svc.example.org. HTTPS',
    answer: [
      'svc.example.org. 300 IN HTTPS 1 www.example.org. alpn="h2"',
      'svc.example.org. 300 IN HTTPS 2 www.example.org. port=1',
    ],
    authority: servers,
    additional: www('www.example.org.'),
  },
  // Aliases.
  {
    ask: 'alias.example.org. A',
    answer: ['alias.example.org. 300 IN CNAME www.example.org.', ...www('www.example.org.')],
    authority: servers,
    ordered: true,
  },
  {
    ask: 'ALIAS2.example.org. A',
    answer: [
      'ALIAS2.example.org. 300 IN CNAME Alias.example.org.',
      'Alias.example.org. 300 IN CNAME www.example.org.',
      ...www('www.example.org.'),
    ],
    authority: servers,
    ordered: true,
  },
  { ask: 'alias.example.org. CNAME', answer: ['alias.example.org. 300 IN CNAME www.example.org.'], authority: servers },
  {
    ask: 'to-nothing.example.org. A',
    rcode: 'NXDOMAIN',
    answer: ['to-nothing.example.org. 300 IN CNAME nothing.example.org.'],
    authority: denied,
  },
  {
    ask: 'to-nodata.example.org. AAAA',
    answer: ['to-nodata.example.org. 300 IN CNAME mail.example.org.'],
    authority: denied,
  },
  {
    ask: 'to-wild.example.org. A',
    answer: ['to-wild.example.org. 300 IN CNAME x.wild.example.org.', 'x.wild.example.org. 300 IN A 192.0.2.100'],
    authority: servers,
  },
  {
    ask: 'to-cut.example.org. A',
    ...cut,
    authoritative: true,
    answer: ['to-cut.example.org. 300 IN CNAME www.sub.example.org.'],
  },
  {
    ask: 'circle.example.org. A',
    answer: [
      'circle.example.org. 300 IN CNAME circle2.example.org.',
      'circle2.example.org. 300 IN CNAME circle.example.org.',
    ],
    authority: servers,
  },
  { ask: 'self.example.org. A', answer: ['self.example.org. 300 IN CNAME self.example.org.'], authority: servers },
  // Outside, whatever the server says, with its denials.
  {
    ask: 'to-outside.example.org. A',
    answer: ['to-outside.example.org. 300 IN CNAME www.elsewhere.test.', 'www.elsewhere.test. 5 IN A 198.51.100.1'],
    authority: servers,
  },
  {
    ask: 'to-outside.example.org. AAAA',
    answer: ['to-outside.example.org. 300 IN CNAME www.elsewhere.test.'],
    authority: ['elsewhere.test. 5 IN SOA . . 1 2 3 4 5'],
  },
  // Wildcards (RFC 4592).
  { ask: 'x.wild.example.org. A', answer: ['x.wild.example.org. 300 IN A 192.0.2.100'], authority: servers },
  { ask: 'Y.x.Wild.example.org. A', answer: ['Y.x.Wild.example.org. 300 IN A 192.0.2.100'], authority: servers },
  {
    ask: 'x.wild.example.org. MX',
    answer: ['x.wild.example.org. 300 IN MX 10 mail.example.org.'],
    authority: servers,
    additional: mail,
  },
  { ask: '*.wild.example.org. A', answer: ['*.wild.example.org. 300 IN A 192.0.2.100'], authority: servers },
  { ask: 'x.wild.example.org. AAAA', authority: denied },
  { ask: 'wild.example.org. A', authority: denied },
  { ask: 'there.wild.example.org. A', authority: denied },
  { ask: 'x.there.wild.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  { ask: 'x.ent.wild.example.org. A', rcode: 'NXDOMAIN', authority: denied },
  { ask: 'ent.wild.example.org. A', authority: denied },
  {
    ask: 'x.alias.example.org. A',
    rcode: 'NOERROR',
    answer: ['x.alias.example.org. 300 IN CNAME www.example.org.', ...www('www.example.org.')],
    authority: servers,
  },
  { ask: 'star.only.example.org. TXT', authority: denied },
  {
    ask: 'x.star.only.example.org. TXT',
    answer: ['x.star.only.example.org. 300 IN TXT "below a wildcard"'],
    authority: servers,
  },
  // Delegations.
  { ask: 'sub.example.org. A', ...cut },
  { ask: 'sub.example.org. NS', ...cut },
  { ask: 'www.sub.example.org. A', ...cut },
  { ask: 'x.y.sub.example.org. TXT', ...cut },
  {
    ask: 'www.sub.example.org. A',
    when: 'with DO',
    edns: dnssec,
    ...cut,
    authority: [...cut.authority, 'sub.example.org. 300 IN DS 12345 13 2 ABCDEF'],
  },
  { ask: 'sub.example.org. DS', answer: ['sub.example.org. 300 IN DS 12345 13 2 ABCDEF'], authority: servers },
  { ask: 'x.sub.example.org. DS', ...cut },
  { ask: 'unsigned.example.org. DS', authority: denied },
  {
    ask: 'unsigned.example.org. A',
    authoritative: false,
    authority: ['unsigned.example.org. 300 IN NS ns.elsewhere.test.'],
  },
  // DNAME (RFC 6672).
  {
    ask: 'www.OLD.example.org. A',
    answer: [
      'old.example.org. 300 IN DNAME new.example.org.',
      'www.OLD.example.org. 300 IN CNAME www.new.example.org.',
      'www.new.example.org. 300 IN A 192.0.2.70',
    ],
    authority: servers,
    ordered: true,
  },
  {
    ask: 'www.old.example.org. CNAME',
    answer: [
      'old.example.org. 300 IN DNAME new.example.org.',
      'www.old.example.org. 300 IN CNAME www.new.example.org.',
    ],
    authority: servers,
  },
  {
    ask: 'mail.old.example.org. MX',
    answer: [
      'old.example.org. 300 IN DNAME new.example.org.',
      'mail.old.example.org. 300 IN CNAME mail.new.example.org.',
      'mail.new.example.org. 300 IN MX 10 mail.example.org.',
    ],
    authority: servers,
    additional: mail,
  },
  { ask: 'old.example.org. DNAME', answer: ['old.example.org. 300 IN DNAME new.example.org.'], authority: servers },
  { ask: 'old.example.org. TXT', answer: ['old.example.org. 300 IN TXT "at the owner"'], authority: servers },
  { ask: 'old.example.org. A', authority: denied },
  {
    ask: 'x.old.example.org. A',
    rcode: 'NXDOMAIN',
    answer: ['old.example.org. 300 IN DNAME new.example.org.', 'x.old.example.org. 300 IN CNAME x.new.example.org.'],
    authority: denied,
  },
  {
    ask: 'www.out.example.org. A',
    answer: [
      'out.example.org. 300 IN DNAME elsewhere.test.',
      'www.out.example.org. 300 IN CNAME www.elsewhere.test.',
      'www.elsewhere.test. 5 IN A 198.51.100.1',
    ],
    authority: servers,
  },
  {
    ask: `${'w'.repeat(60)}.long.example.org. A`,
    rcode: 'YXDOMAIN',
    answer: [`long.example.org. 300 IN DNAME ${long}`],
  },
  {
    ask: 'x.loop.example.org. A',
    answer: [
      'loop.example.org. 300 IN DNAME loop.example.org.',
      'x.loop.example.org. 300 IN CNAME x.loop.example.org.',
    ],
    authority: servers,
  },
  // Other zones are for others.
  { ask: 'example.com. A', rcode: 'NOTZONE', authoritative: false, plugin: '' },
]

const elsewhere: Next = (query) =>
  query.name.endsWith('\x09elsewhere\x04test\0')
    ? reply({
        authoritative: true,
        answer: query.type === 1 ? [parseRecord('www.elsewhere.test. 5 A 198.51.100.1')] : [],
        authority: query.type === 1 ? [] : [parseRecord('elsewhere.test. 5 SOA . . 1 2 3 4 5')],
      })
    : errorReply(10)

const feeds = { file: copiesOfTexts({ 'example.org.': text }) }
run('a zone', () => handlerFor('file db example.org', { feeds, next: elsewhere }), cases)

const shortText = (more: string) => `$TTL 5\n@ SOA ns admin 1 2 3 4 5\n@ NS ns.test.\n${more}`

run('what others say of a target', () => {
  const file = copiesOfTexts({
    'example.org.': shortText(
      'a CNAME denied.test.\nb CNAME failed.test.\nc CNAME refused.test.\nd CNAME silent.test.',
    ),
  })
  const next: Next = ({ name }) => {
    if (name.includes('silent')) return silence
    return errorReply(name.includes('denied') ? 3 : name.includes('failed') ? 2 : 5)
  }
  return handlerFor('file db example.org', { feeds: { file }, next })
}, [
  { ask: 'a.example.org. A', rcode: 'NXDOMAIN', answer: ['a.example.org. 5 IN CNAME denied.test.'] },
  {
    ask: 'b.example.org. A',
    rcode: 'SERVFAIL',
    answer: ['b.example.org. 5 IN CNAME failed.test.'],
    authority: ['example.org. 5 IN NS ns.test.'],
  },
  {
    ask: 'c.example.org. A',
    answer: ['c.example.org. 5 IN CNAME refused.test.'],
    authority: ['example.org. 5 IN NS ns.test.'],
  },
  {
    ask: 'd.example.org. A',
    answer: ['d.example.org. 5 IN CNAME silent.test.'],
    authority: ['example.org. 5 IN NS ns.test.'],
  },
])

const two = {
  'example.org.': shortText(
    'a A 192.0.2.1\na.ent A 192.0.2.2\nto-there CNAME there\nto-b CNAME x.b\nb NS ns.b\n*.w A 192.0.2.3',
  ),
  'b.example.org.': shortText('x A 192.0.2.4\n'),
}
const denied5 = ['example.org. 5 IN SOA ns.example.org. admin.example.org. 1 2 3 4 5']
const servers5 = ['example.org. 5 IN NS ns.test.']

run('fallthrough, and a zone within another', () => {
  const next = answerFrom(['there.example.org. 7 A 198.51.100.7', 'a.example.org. 7 AAAA 2001:db8::7'])
  const stanzas = 'file a example.org\nfile b b.example.org {\n fallthrough example.org\n}'
  return handlerFor(stanzas, { feeds: { file: copiesOfTexts(two) }, next })
}, [
  { ask: 'a.example.org. A', answer: ['a.example.org. 5 IN A 192.0.2.1'], authority: servers5 },
  // Names that are there don't fall through, those without any record do.
  { ask: 'a.example.org. AAAA', authority: denied5 },
  { ask: 'x.w.example.org. AAAA', authority: denied5 },
  { ask: 'there.example.org. A', ...fallen(['there.example.org. 7 IN A 198.51.100.7']) },
  { ask: 'ent.example.org. A', rcode: 'NXDOMAIN', ...fallen([]) },
  { ask: 'nowhere.example.org. A', rcode: 'NXDOMAIN', ...fallen([]) },
  {
    ask: 'to-there.example.org. A',
    answer: ['to-there.example.org. 5 IN CNAME there.example.org.', 'there.example.org. 7 IN A 198.51.100.7'],
    authority: servers5,
  },
  // The longest zone answers; what is signed is said by the one above.
  {
    ask: 'x.b.example.org. A',
    answer: ['x.b.example.org. 5 IN A 192.0.2.4'],
    authority: ['b.example.org. 5 IN NS ns.test.'],
  },
  { ask: 'b.example.org. DS', authority: denied5 },
])

function fallen(answer: readonly string[]): Partial<Case> {
  return { answer, authoritative: false, recursionAvailable: true, plugin: 'last' }
}

test('aliases that lead from zone to zone in a circle end', async () => {
  const file = copiesOfTexts({
    'a.test.': shortText('x CNAME x.b.test.'),
    'b.test.': shortText('x CNAME x.a.test.'),
  })
  const ask = serverFor('. {\nfile a a.test\nfile b b.test\n}', { feeds: { file } })
  const got = await ask(queryOf('x.a.test. A'))
  assert.equal(got.rcode, 2)
  assert.ok(got.answer.length < 40)
})

test('a chain of aliases has an end', async () => {
  const chain = Array.from({ length: 100 }, (_, i) => `a${i} CNAME a${i + 1}`).join('\n')
  const ask = handlerFor('file a a.test', { feeds: { file: copiesOfTexts({ 'a.test.': shortText(chain) }) } })
  const got = await ask(queryOf('a0.a.test. A'))
  assert.equal(got.rcode, 0)
  assert.equal(got.answer.length, 11)
})

test('a zone that could not be read is answered with SERVFAIL, and not handed over', async () => {
  const ask = handlerFor('transfer {\n to *\n}\nfile a a.test', { feeds: { file: copiesOfTexts({}) } })
  assert.equal((await ask(queryOf('x.a.test. A'))).rcode, 2)
  assert.equal((await ask(queryOf('a.test. AXFR', { client: { transport: 'tcp' } }))).rcode, 5)
})

test('a question waits for the zones', async () => {
  const told = Promise.withResolvers<void>()
  const known = copiesOfTexts(two)
  const state = { isTold: false }
  const file = { ...known, isTold: () => state.isTold, told: told.promise }
  const ask = handlerFor('file a example.org', { feeds: { file } })
  const got = ask(queryOf('a.example.org. A'))
  assert.ok(got instanceof Promise)
  state.isTold = true
  told.resolve()
  assert.equal((await got).answer.length, 1)
  assert.ok(!(ask(queryOf('a.example.org. A')) instanceof Promise))
})

test('transfers without the plugin for them are refused, and notifications get no answer', async () => {
  const { log, lines } = recordLog()
  const ask = handlerFor('file a example.org', { feeds: { file: copiesOfTexts(two) }, log })
  assert.equal((await ask(queryOf('example.org. AXFR'))).rcode, 5)
  assert.equal((await ask(queryOf('www.example.org. IXFR'))).rcode, 5)
  assert.equal(await ask(queryOf('example.org. SOA', { opcode: Opcode.NOTIFY })), silence)
  assert.deepEqual(lines, ['[INFO] plugin/file: Dropping notify from 10.0.0.9 for example.org.'])
})

test('a zone is handed over with its glue, the SOA first and last', async () => {
  const ask = handlerFor('transfer {\n to *\n}\nfile a example.org', { feeds: { file: copiesOfTexts(two) } })
  const got = await ask(queryOf('example.org. AXFR', { client: { transport: 'tcp' } }))
  assert.deepEqual([...(got.transfer ?? [])].flatMap(printRecords), [
    ...denied5,
    ...servers5,
    'a.example.org. 5 IN A 192.0.2.1',
    'a.ent.example.org. 5 IN A 192.0.2.2',
    'to-there.example.org. 5 IN CNAME there.example.org.',
    'to-b.example.org. 5 IN CNAME x.b.example.org.',
    'b.example.org. 5 IN NS ns.b.example.org.',
    '*.w.example.org. 5 IN A 192.0.2.3',
    ...denied5,
  ])
})
