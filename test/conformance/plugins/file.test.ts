// file over the wire: a zone of a master file, and its transfer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRecords } from '../../../src/dns/text.ts'
import { transferFrom } from '../../server/axfr.ts'
import { type Case, compare, conformance, linesFor, withSubject } from '../suite.ts'

const corefile = `example.org signed.test other.test elsewhere.test {
    bind 127.0.0.1
    transfer example.org {
        to *
    }
    file {$FOLDER}/db.example.org example.org
    file {$FOLDER}/db.signed signed.test
    file {$FOLDER}/db.other other.test {
        fallthrough fall.other.test
    }
    template IN A elsewhere.test fall.other.test {
        match ^www
        answer "{{ .Name }} 5 IN A 198.51.100.1"
        fallthrough
    }
    template IN ANY elsewhere.test fall.other.test {
        rcode NXDOMAIN
        authority "elsewhere.test. 5 IN SOA a.test. b.test. 1 2 3 4 5"
    }
}
`

const zone = `$TTL 300
@       60 IN SOA ns1 admin 2024010101 7200 1800 604800 60
        IN NS  ns1
        IN NS  ns.elsewhere.test.
        IN A   192.0.2.1
        IN MX  10 mail
        IN MX  20 mail.elsewhere.test.
        IN TXT "v=spf1 -all" "second"
        IN CAA 0 issue "ca.test"
ns1     IN A   192.0.2.53
        IN AAAA 2001:db8::53
www  5m IN A   192.0.2.80
        IN A   192.0.2.81 ; with the TTL of $TTL
mail    IN A   192.0.2.25
_sip._tcp IN SRV 0 5 5060 sip
        IN SRV 0 5 5061 sip
sip     IN AAAA 2001:db8::5060
svc     IN HTTPS 1 www alpn="h2,h3"
strange IN TYPE731 \\# 2 abcd
naptr   IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp
key     IN SSHFP 4 2 AB12
_443._tcp IN TLSA 3 1 1 ABCD
has\\.dot IN A  192.0.2.60
$INCLUDE more.db
$ORIGIN in.the.example.org.
deep    IN A   192.0.2.99
$GENERATE 1-2 host-$ IN A 10.0.0.$
`

const more = `
alias   300 IN CNAME www
alias2  300 IN CNAME Alias
to-nothing 300 IN CNAME nothing
to-nodata 300 IN CNAME mail
to-outside 300 IN CNAME www.elsewhere.test.
to-nobody 300 IN CNAME nobody.elsewhere.test.
to-wild 300 IN CNAME x.wild
to-cut  300 IN CNAME www.sub
*.wild  300 IN A 192.0.2.100
        300 IN MX 10 mail
there.wild 300 IN AAAA 2001:db8::1
a.ent.wild 300 IN A 192.0.2.101
sub     300 IN NS ns.sub
        300 IN NS ns.elsewhere.test.
        300 IN DS 12345 13 2 ABCDEF
ns.sub  300 IN A 192.0.2.54
www.sub 300 IN A 192.0.2.55
sibling 300 IN NS ns1
old     300 IN DNAME new
        300 IN TXT "at the owner"
www.new 300 IN A 192.0.2.70
`

const other = `$TTL 300
@ 60 IN SOA ns.test. admin.test. 7 7200 1800 604800 60
  IN NS ns.test.
www.fall IN AAAA 2001:db8::1
a.ent.fall IN A 192.0.2.1
`

const servers = ['example.org. 300 IN NS ns1.example.org.', 'example.org. 300 IN NS ns.elsewhere.test.']
const addresses = ['ns1.example.org. 300 IN A 192.0.2.53', 'ns1.example.org. 300 IN AAAA 2001:db8::53']
const soa = 'example.org. 60 IN SOA ns1.example.org. admin.example.org. 2024010101 7200 1800 604800 60'
const denied = [soa.replace('2024010101', 'SERIAL')]
const www = (owner: string) => [`${owner} 300 IN A 192.0.2.80`, `${owner} 300 IN A 192.0.2.81`]
const mail = ['mail.example.org. 300 IN A 192.0.2.25']
const cut = {
  authoritative: false,
  authority: ['sub.example.org. 300 IN NS ns.sub.example.org.', 'sub.example.org. 300 IN NS ns.elsewhere.test.'],
  additional: ['ns.sub.example.org. 300 IN A 192.0.2.54'],
}

/** An answer with the zone's name servers beside it. */
const answer = (...records: readonly string[]) => ({ answer: records, authority: servers })
const nodata = { authority: denied }
const nxdomain = { rcode: 'NXDOMAIN', authority: denied }

const cases: readonly Case[] = [
  { ask: 'example.org. SOA', ...answer(...denied) },
  { ask: 'example.org. NS', answer: servers, additional: addresses },
  { ask: 'example.org. A', ...answer('example.org. 300 IN A 192.0.2.1'), additional: [] },
  { ask: 'example.org. TXT', ...answer('example.org. 300 IN TXT "v=spf1 -all" "second"') },
  { ask: 'example.org. CAA', ...answer('example.org. 300 IN CAA 0 issue "ca.test"') },
  {
    ask: 'example.org. MX',
    ...answer('example.org. 300 IN MX 10 mail.example.org.', 'example.org. 300 IN MX 20 mail.elsewhere.test.'),
    additional: mail,
  },
  { ask: 'example.org. AAAA', ...nodata },
  { ask: 'www.example.org. A', ...answer(...www('www.example.org.')) },
  {
    ask: 'WWW.Example.ORG. A',
    answer: www('WWW.Example.ORG.'),
    authority: servers.map((line) => line.replaceAll('example.org', 'Example.ORG')),
    differs: 'CoreDNS makes names lower-case',
  },
  { ask: 'has\\.dot.example.org. A', ...answer('has\\.dot.example.org. 300 IN A 192.0.2.60') },
  { ask: 'strange.example.org. TYPE731', ...answer('strange.example.org. 300 IN TYPE731 \\# 2 abcd') },
  {
    ask: 'naptr.example.org. NAPTR',
    ...answer('naptr.example.org. 300 IN NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp.example.org.'),
  },
  { ask: 'key.example.org. SSHFP', ...answer('key.example.org. 300 IN SSHFP 4 2 AB12') },
  { ask: '_443._tcp.example.org. TLSA', ...answer('_443._tcp.example.org. 300 IN TLSA 3 1 1 ABCD') },
  { ask: 'www.example.org. AAAA', ...nodata },
  { ask: 'nothing.example.org. A', ...nxdomain },
  { ask: 'x.www.example.org. A', ...nxdomain },
  {
    ask: 'www.example.org. ANY',
    ...answer(...www('www.example.org.')),
    differs: 'CoreDNS says that there is nothing; RFC 8482 4.1 wants one rrset at least',
  },
  // Names that only have names below them.
  { ask: 'the.example.org. A', ...nodata },
  { ask: 'in.the.example.org. A', ...nodata },
  { ask: 'deep.in.the.example.org. A', ...answer('deep.in.the.example.org. 300 IN A 192.0.2.99') },
  { ask: '_tcp.example.org. SRV', ...nodata },
  {
    ask: 'host-2.in.the.example.org. A',
    ...answer('host-2.in.the.example.org. 300 IN A 10.0.0.2'),
    differs: 'in CoreDNS the TTL of $GENERATE is 3600, whatever $TTL says',
  },
  {
    ask: '_sip._tcp.example.org. SRV',
    ...answer(
      '_sip._tcp.example.org. 300 IN SRV 0 5 5060 sip.example.org.',
      '_sip._tcp.example.org. 300 IN SRV 0 5 5061 sip.example.org.',
    ),
    additional: ['sip.example.org. 300 IN AAAA 2001:db8::5060'],
  },
  {
    ask: 'svc.example.org. HTTPS',
    ...answer('svc.example.org. 300 IN HTTPS 1 www.example.org. alpn="h2,h3"'),
    additional: www('www.example.org.'),
  },
  // Aliases.
  {
    ask: 'alias.example.org. A',
    ...answer('alias.example.org. 300 IN CNAME www.example.org.', ...www('www.example.org.')),
  },
  { ask: 'alias.example.org. CNAME', ...answer('alias.example.org. 300 IN CNAME www.example.org.') },
  {
    ask: 'alias2.example.org. A',
    ...answer(
      'alias2.example.org. 300 IN CNAME Alias.example.org.',
      'Alias.example.org. 300 IN CNAME www.example.org.',
      ...www('www.example.org.'),
    ),
    differs: 'CoreDNS makes names lower-case',
  },
  {
    ask: 'to-nothing.example.org. A',
    ...nxdomain,
    answer: ['to-nothing.example.org. 300 IN CNAME nothing.example.org.'],
  },
  {
    ask: 'to-nodata.example.org. AAAA',
    ...nodata,
    answer: ['to-nodata.example.org. 300 IN CNAME mail.example.org.'],
    differs: 'CoreDNS sends name servers instead of the SOA record (RFC 2308 2.2)',
  },
  {
    ask: 'to-outside.example.org. A',
    ...answer('to-outside.example.org. 300 IN CNAME www.elsewhere.test.', 'www.elsewhere.test. 5 IN A 198.51.100.1'),
  },
  {
    ask: 'to-nobody.example.org. A',
    rcode: 'NXDOMAIN',
    answer: ['to-nobody.example.org. 300 IN CNAME nobody.elsewhere.test.'],
    authority: ['elsewhere.test. 5 IN SOA a.test. b.test. SERIAL 2 3 4 5'],
    differs: "CoreDNS sends its own zone's SOA record with another zone's denial",
  },
  {
    ask: 'to-wild.example.org. A',
    ...answer('to-wild.example.org. 300 IN CNAME x.wild.example.org.', 'x.wild.example.org. 300 IN A 192.0.2.100'),
  },
  {
    ask: 'to-cut.example.org. A',
    ...cut,
    authoritative: true,
    answer: ['to-cut.example.org. 300 IN CNAME www.sub.example.org.'],
  },
  // Wildcards.
  { ask: 'x.wild.example.org. A', ...answer('x.wild.example.org. 300 IN A 192.0.2.100') },
  { ask: 'y.x.wild.example.org. A', ...answer('y.x.wild.example.org. 300 IN A 192.0.2.100') },
  { ask: 'x.wild.example.org. MX', ...answer('x.wild.example.org. 300 IN MX 10 mail.example.org.'), additional: mail },
  { ask: 'x.wild.example.org. AAAA', ...nodata },
  { ask: 'wild.example.org. A', ...nodata },
  { ask: 'there.wild.example.org. A', ...nodata },
  { ask: 'x.ent.wild.example.org. A', ...nxdomain },
  {
    ask: 'x.there.wild.example.org. A',
    ...nxdomain,
  },
  // Delegations.
  { ask: 'sub.example.org. A', ...cut },
  { ask: 'www.sub.example.org. TXT', ...cut },
  { ask: 'sub.example.org. DS', ...answer('sub.example.org. 300 IN DS 12345 13 2 ABCDEF') },
  {
    ask: 'x.sibling.example.org. A',
    authoritative: false,
    authority: ['sibling.example.org. 300 IN NS ns1.example.org.'],
    additional: addresses,
    differs: 'CoreDNS sends addresses only of name servers below the cut',
  },
  // DNAME.
  {
    ask: 'www.old.example.org. A',
    ...answer(
      'old.example.org. 300 IN DNAME new.example.org.',
      'www.old.example.org. 300 IN CNAME www.new.example.org.',
      'www.new.example.org. 300 IN A 192.0.2.70',
    ),
  },
  { ask: 'old.example.org. TXT', ...answer('old.example.org. 300 IN TXT "at the owner"') },
  {
    ask: 'x.old.example.org. A',
    ...nxdomain,
    answer: ['old.example.org. 300 IN DNAME new.example.org.', 'x.old.example.org. 300 IN CNAME x.new.example.org.'],
  },
  // fallthrough: of names that are not there, or have nothing themselves.
  {
    ask: 'www.other.test. A',
    rcode: 'NXDOMAIN',
    authority: ['other.test. 60 IN SOA ns.test. admin.test. SERIAL 7200 1800 604800 60'],
  },
]

/** Records, each with a signature that nobody could believe. */
const signed = [
  '@ SOA ns a 1 7200 1800 604800 60',
  '@ NS ns',
  '@ NSEC *.wild A NS SOA RRSIG NSEC',
  '*.wild A 192.0.2.100',
  '*.wild NSEC ns A RRSIG NSEC',
  'ns A 192.0.2.53',
  'ns NSEC sub A RRSIG NSEC',
  'sub DS 1 2 3 AB',
  'sub NSEC www NS DS RRSIG NSEC',
  'www A 192.0.2.80',
  'www NSEC @ A RRSIG NSEC',
]
  .flatMap((line) => {
    const [owner, type] = line.split(' ')
    return [line, `${owner} RRSIG ${type} 13 2 60 20300101000000 20200101000000 1 signed.test. AAAA`]
  })
  .join('\n')

const setup = {
  corefile,
  files: {
    'db.example.org': zone,
    'more.db': more,
    'db.other': other,
    'db.signed': `$TTL 60\n${signed}\nsub NS ns.elsewhere.test.\n`,
  },
}

conformance('file', cases, setup)

withSubject(
  'a zone of a file',
  (portOf) => {
    test('a referral to a signed zone has its DS record for those who ask for it', async () => {
      const [head, ...lines] = await linesFor(portOf(), 'www.sub.example.org. A', { dnssecOk: true })
      assert.equal(head, 'NOERROR')
      assert.ok(lines.includes('sub.example.org. 300 IN DS 12345 13 2 ABCDEF'))
    })

    for (const [question, expected, differs] of [
      ['www.signed.test. A', ['www A', 'www =A', ' =NS', ' NS'], undefined],
      ['www.signed.test. AAAA', [' =SOA', ' SOA', 'www =NSEC', 'www NSEC'], undefined],
      ['b.signed.test. A', [' =NSEC', ' =SOA', ' NSEC', ' SOA'], undefined],
      ['x.wild.signed.test. A', ['x.wild =A', 'x.wild A', ' =NS', ' NS', '*.wild =NSEC', '*.wild NSEC'], undefined],
      ['x.sub.signed.test. A', ['sub =DS', 'sub DS', 'sub NS'], undefined],
    ] as const) {
      test(`${question} of a signed zone has its evidence`, async () => {
        const [, ...lines] = await linesFor(portOf(), question, { dnssecOk: true, udpSize: 4096 })
        const brief = lines.map((line) => {
          const [, owner, type, covered] = /^(.*?)\.?signed\.test\. \d+ IN (\S+) (\S+)/.exec(line) ?? []
          return `${owner} ${type === 'RRSIG' ? `=${covered}` : type}`
        })
        compare(brief.sort(), [...expected].sort(), differs)
      })
    }

    test('it is handed over whole', async () => {
      const { rcode, records } = await transferFrom(portOf(), 'example.org. AXFR')
      const lines = records.flatMap(printRecords)
      assert.equal(rcode, 'NOERROR')
      assert.deepEqual([lines[0], lines.at(-1)], [soa, soa])
      const expected = (text: string) => lines.filter((line) => line.includes(text)).length
      compare(
        {
          count: lines.length,
          ns: expected(' NS '),
          glue: expected('ns.sub'),
          generated: expected(' 300 IN A 10.0.0.'),
        },
        { count: 47, ns: 5, glue: 2, generated: 2 },
        'in CoreDNS the TTL of $GENERATE is 3600, whatever $TTL says',
      )
    })

    test('it is not handed over to those who have it', async () => {
      const { records } = await transferFrom(portOf(), 'example.org. IXFR', 2024010101)
      assert.deepEqual(records.flatMap(printRecords), [soa])
    })
  },
  setup,
)
