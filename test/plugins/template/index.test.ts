import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printClass, printRcode, printType, Rcode } from '../../../src/dns/codes.ts'
import { lowerName, parseName, printName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { errorReply, type Reply, reply } from '../../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import { collectMetrics } from '../../../src/metrics.ts'
import type { Facets, Handler } from '../../../src/plugin.ts'
import { template } from '../../../src/plugins/template/index.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../../context.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, string>> = {
    'template ANY ANY': 'ANY ANY . NOERROR',
    'template IN A Example.org 10.0.0.0/8': 'IN A example.org.,10.in-addr.arpa. NOERROR',
    'template CH TXT\ntemplate HS NSAP-PTR a': 'CH TXT . NOERROR; HS NSAP-PTR a. NOERROR',
    'template CS Reserved': 'CS TYPE65535 . NOERROR',
    'template IN ANY {\n  rcode NXDOMAIN\n  fallthrough a.org\n}': 'IN ANY . NXDOMAIN fallthrough=a.org.',
    'template IN ANY {\n  rcode NOTIMPL\n  fallthrough\n  upstream x\n}': 'IN ANY . NOTIMP fallthrough=.',
    'template IN ANY {\n  rcode BADSIG\n}': 'IN ANY . BADVERS',
    'template IN ANY {\n  match ^a b$\n  match "c d"\n}': 'IN ANY . NOERROR ^a b$ c d',
    'template IN ANY {\n  answer "{{ .Name }}" b\n  additional c\n  authority d\n  answer e\n}':
      'IN ANY . NOERROR answer:{{ .Name }} answer:b answer:e authority:d additional:c',
    'template IN ANY {\n  ederror 21 "is blocked"\n}': 'IN ANY . NOERROR ede=21:is blocked',
    'template IN ANY {\n  ederror 65535\n}': 'IN ANY . NOERROR ede=65535:',
  }
  for (const [stanza, told] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => {
      const rules = configOf(template, stanza).map((rule) =>
        [
          printClass(rule.class),
          printType(rule.type),
          rule.zones.map(printName).join(),
          printRcode(rule.rcode),
          ...rule.patterns,
          ...rule.templates.map(({ section, source }) => `${section}:${source}`),
          ...(rule.error === undefined ? [] : [`ede=${rule.error.code}:${rule.error.text}`]),
          ...(rule.fallthrough.length === 0 ? [] : [`fallthrough=${rule.fallthrough.map(printName).join()}`]),
        ].join(' '),
      )
      assert.equal(rules.join('; '), told)
    })
  }

  const count = 'Wrong argument count or unexpected line ending after'
  const bad: Readonly<Record<string, string>> = {
    template: `2 - Error during parsing: ${count} 'template'`,
    'template IN': `2 - Error during parsing: ${count} 'IN'`,
    'template in A': '2 - Error during parsing: invalid query class in',
    'template IN a': '2 - Error during parsing: invalid RR class a',
    'template IN TYPE1': '2 - Error during parsing: invalid RR class TYPE1',
    'template IN TYPE65280': '2 - Error during parsing: invalid RR class TYPE65280',
    'template IN A {\n  match\n}': `3 - Error during parsing: ${count} 'match'`,
    'template IN A {\n  match a (\n}':
      '3 - Error during parsing: could not parse regex: (, error parsing regexp: missing closing ): `(`',
    [`template IN A {\n  match ${'a'.repeat(10_001)}\n}`]:
      '3 - Error during parsing: regex pattern too long: 10001 > 10000',
    'template IN A {\n  answer\n}': `3 - Error during parsing: ${count} 'answer'`,
    'template IN A {\n  authority\n}': `3 - Error during parsing: ${count} 'authority'`,
    'template IN A {\n  additional "{{" b\n}':
      '3 - Error during parsing: could not compile template: b, template: additional:1: unclosed action',
    'template IN A {\n  answer "{{ foo }}"\n}':
      '3 - Error during parsing: could not compile template: {{ foo }}, template: answer:1: function "foo" not defined',
    'template IN A {\n  answer "{{ .Message }}"\n}':
      '3 - Error during parsing: could not compile template: {{ .Message }}, template: answer:1: .Message is not supported here',
    'template IN A {\n  rcode\n}': `3 - Error during parsing: ${count} 'rcode'`,
    'template IN A {\n  rcode nxdomain\n}': '3 - Error during parsing: unknown rcode nxdomain',
    'template IN A {\n  rcode BADVERS\n}': '3 - Error during parsing: unknown rcode BADVERS',
    'template IN A {\n  rcode RCODE12\n}': '3 - Error during parsing: unknown rcode RCODE12',
    'template IN A {\n  rcode NXDOMAIN x\n}': `3 - Error during parsing: ${count} 'x'`,
    'template IN A {\n  ederror\n}': `3 - Error during parsing: ${count} 'ederror'`,
    'template IN A {\n  ederror 1 2 3\n}': `3 - Error during parsing: ${count} '3'`,
    'template IN A {\n  ederror x\n}':
      '3 - Error during parsing: error parsing extended DNS error code x, strconv.ParseUint: parsing "x": invalid syntax',
    'template IN A {\n  ederror 65536 y\n}':
      '3 - Error during parsing: error parsing extended DNS error code y, strconv.ParseUint: parsing "65536": value out of range',
    'template IN A {\n  what ever\n}': `3 - Error during parsing: ${count} 'what'`,
    'template IN A {\n  match a {\n    x\n  }\n}': "3 - Error during parsing: unknown property '{'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza.slice(0, 80)), () =>
      assert.throws(() => configOf(template, stanza), isCorefileError(`plugin/template: Corefile:${message}`)),
    )
  }
})

/** What the rest of the server answers for the targets of aliases. */
const elsewhere: Readonly<Record<string, Reply>> = {
  'target.net. A': reply({ answer: [parseRecord('target.net. 9 IN A 192.0.2.1')] }),
  'TARGET.net. AAAA': reply({ answer: [], truncated: true }),
}

function handlerOf(stanza: string, offers: ReadonlyMap<string, Facets> = new Map()): Handler {
  const ask = ({ asked, name, type }: Query) => {
    assert.equal(name, lowerName(asked))
    return elsewhere[`${printName(asked)} ${printType(type)}`] ?? errorReply(Rcode.SERVFAIL)
  }
  const handler = template.handler?.(configOf(template, stanza), workerContext({ ask, offers }))
  assert(handler !== undefined)
  return handler
}

/** What is answered: `next`, or rcode and records by section. */
async function answerOf(handler: Handler, question: string, fields: Partial<Query> = {}): Promise<string[]> {
  const passed = errorReply(0)
  const got = await handler(queryOf(question, fields as object), () => passed)
  if (got === passed) return ['next']
  assert.equal(got.authoritative, got.plugin === 'template')
  return [
    ...(got.rcode === 0 ? [] : [printRcode(got.rcode)]),
    ...(got.truncated ? ['TC'] : []),
    ...got.answer.flatMap(printRecords),
    ...got.authority.flatMap(printRecords).map((record) => `authority ${record}`),
    ...got.additional.flatMap(printRecords).map((record) => `additional ${record}`),
    ...got.errors.map(({ code, text }) => `EDE ${code} ${text}`.trim()),
  ]
}

const aks = [
  'template ANY ANY internal.cloudapp.net {',
  '  match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"',
  '  rcode NXDOMAIN',
  '  fallthrough',
  '}',
  'template ANY ANY reddog.microsoft.com {',
  '  rcode NXDOMAIN',
  '}',
].join('\n')

suite('answers', () => {
  const cases: readonly {
    readonly stanza: string
    readonly ask: Readonly<Record<string, readonly string[]>>
  }[] = [
    {
      stanza: aks,
      ask: {
        'a.b.c.d.internal.cloudapp.net. A': ['NXDOMAIN'],
        'A.B.C.D.internal.Cloudapp.net. A': ['NXDOMAIN'],
        'a.b.c.internal.cloudapp.net. A': ['next'],
        'reddog.microsoft.com. SRV': ['NXDOMAIN'],
        'x.reddog.microsoft.com. A': ['NXDOMAIN'],
        'xreddog.microsoft.com. A': ['next'],
      },
    },
    {
      stanza: 'template IN A a.org\ntemplate IN AAAA a.org {\n  match ^b\n}',
      ask: {
        'a.org. A': [],
        'b.a.org. AAAA': [],
        // The type is another: the next rule, then the next plugin. No pattern matches and no fallthrough: the end.
        'b.a.org. TXT': ['next'],
        'c.a.org. AAAA': ['SERVFAIL'],
        'b.a.org. ANY': [],
      },
    },
    {
      stanza: 'template IN A a.org {\n  match ^b\n  fallthrough b.a.org\n}\ntemplate IN A a.org {\n  rcode REFUSED\n}',
      ask: { 'b.a.org. A': [], 'x.b.a.org. A': ['REFUSED'], 'c.a.org. A': ['SERVFAIL'] },
    },
    {
      stanza:
        'template IN A example {\n  match (^|[.])ip-(?P<a>[0-9]*)-(?P<b>[0-9]*)-(?P<c>[0-9]*)-(?P<d>[0-9]*)[.]example[.]$\n' +
        '  match ^x(?P<a>[0-9]+)[.]\n' +
        '  answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"\n  fallthrough\n}',
      ask: {
        'IP-10-0-0-1.Example. A': ['ip-10-0-0-1.example. 60 IN A 10.0.0.1'],
        'www.ip-10-0-0-2.example. A': ['www.ip-10-0-0-2.example. 60 IN A 10.0.0.2'],
        'ip-10-0-0.example. A': ['next'],
        'ip-10-0-0-256.example. A': ['Error'],
        'x1.example. A': ['Error'],
      },
    },
    {
      stanza:
        'template IN PTR in-addr.arpa {\n  match ^(?P<d>[0-9]*)[.](?P<c>[0-9]*)[.](?P<b>[0-9]*)[.](?P<a>[0-9]*)[.]in-addr[.]arpa[.]$\n' +
        '  answer "{{ .Name }} 60 IN PTR ip-{{ .Group.a }}-{{ .Group.b }}-{{ .Group.c }}-{{ .Group.d }}.example."\n}',
      ask: {
        '1.0.0.10.in-addr.arpa. PTR': ['1.0.0.10.in-addr.arpa. 60 IN PTR ip-10-0-0-1.example.'],
        '0.0.10.in-addr.arpa. PTR': ['SERVFAIL'],
      },
    },
    {
      stanza:
        'template ANY ANY invalid {\n  rcode NXDOMAIN\n  authority "invalid. 60 {{ .Class }} SOA ns.invalid. hostmaster.invalid. (1 60 60 60 60)"\n' +
        '  ederror 21 "Blocked according to RFC2606"\n}',
      ask: {
        'a.invalid. A': [
          'NXDOMAIN',
          'authority invalid. 60 IN SOA ns.invalid. hostmaster.invalid. 1 60 60 60 60',
          'EDE 21 Blocked according to RFC2606',
        ],
      },
    },
    {
      stanza:
        'template IN MX example {\n  answer "{{ .Name }} IN MX 10 {{ .Name }}"\n  additional "{{ .Name }} 60 A 192.0.2.1"\n' +
        '  authority "example NS ns0.example"\n  authority "example. NS ns1.example."\n}',
      ask: {
        'm.example. MX': [
          'm.example. 3600 IN MX 10 m.example.',
          'authority example. 3600 IN NS ns0.example.',
          'authority example. 3600 IN NS ns1.example.',
          'additional m.example. 60 IN A 192.0.2.1',
        ],
      },
    },
    // Aliases are followed for addresses.
    {
      stanza:
        'template IN ANY org {\n  match ^(?P<to>[a-z]*)[.]\n  answer "{{ .Name }} 5 CNAME {{ .Group.to }}.net"\n  answer "{{ .Name }} 5 TXT x"\n}',
      ask: {
        'target.org. A': [
          'target.org. 5 IN CNAME target.net.',
          'target.net. 9 IN A 192.0.2.1',
          'target.org. 5 IN TXT "x"',
        ],
        'target.org. TXT': ['target.org. 5 IN CNAME target.net.', 'target.org. 5 IN TXT "x"'],
        'none.org. AAAA': ['none.org. 5 IN CNAME none.net.', 'none.org. 5 IN TXT "x"'],
      },
    },
    {
      stanza: 'template IN ANY org {\n  answer "{{ .Name }} 5 CNAME TARGET.net"\n}',
      ask: { 'a.org. AAAA': ['TC', 'a.org. 5 IN CNAME TARGET.net.'] },
    },
    { stanza: 'template IN A {\n  rcode SERVFAIL\n  answer "{{ index .Match 9 }}"\n}', ask: { 'a. A': ['SERVFAIL'] } },
    { stanza: 'template IN A {\n  answer "{{ index .Match 9 }}"\n}', ask: { 'a. A': ['Error'] } },
    { stanza: 'template IN A {\n  answer "{{/* nothing */}}"\n}', ask: { 'a. A': ['Error'] } },
    {
      stanza:
        'template IN TXT a.org b.a.org {\n  match "^(x)?.*$"\n  answer "{{ .Name }} 1 TXT {{ .Zone }} {{ .Class }} {{ .Type }} {{ .Remote }} {{ printf \\"%q\\" .Regex }} {{ len .Match }} {{ .Question.Name }} {{ .Meta \\"kubernetes/service\\" }} {{ .Meta \\"none/x\\" | printf \\"%q\\" }}"\n}',
      ask: {
        'C.b.a.org. TXT': ['c.b.a.org. 1 IN TXT "b.a.org." "IN" "TXT" "10.0.0.9" "^(x)?.*$" "2" "C.b.a.org." "web" ""'],
      },
    },
  ]
  const offers = new Map<string, Facets>([
    ['kubernetes', { metadata: (_query, key) => (key === 'kubernetes/service' ? 'web' : undefined) }],
    ['none', {}],
  ])
  for (const { stanza, ask } of cases) {
    suite(stanza.split('\n', 1)[0], () => {
      const handler = handlerOf(stanza, offers)
      for (const [question, answers] of Object.entries(ask)) {
        test(question, async () => {
          if (answers[0] === 'Error') await assert.rejects(answerOf(handler, question), /^Error: template: answer "/)
          else assert.deepEqual(await answerOf(handler, question), answers)
        })
      }
    })
  }

  test('classes other than IN', async () => {
    const handler = handlerOf(
      'template CH TXT {\n  answer "{{ .Name }} 0 {{ .Class }} TXT x{{ .Type }}"\n}\ntemplate ANY A {\n  rcode REFUSED\n}',
    )
    assert.deepEqual(await answerOf(handler, 'version.bind. TXT', { class: 3 }), ['version.bind. 0 CH TXT "xTXT"'])
    assert.deepEqual(await answerOf(handler, 'version.bind. ANY', { class: 255 }), ['version.bind. 0 CH TXT "xTXT"'])
    assert.deepEqual(await answerOf(handler, 'version.bind. TXT'), ['next'])
    assert.deepEqual(await answerOf(handler, 'version.bind. A', { class: 4 }), ['REFUSED'])
  })

  test('labels with dots and other octets are matched as they are printed', async () => {
    const handler = handlerOf('template IN A {\n  match ^a\\\\.b\\\\007[.]org[.]$\n  rcode NXDOMAIN\n  fallthrough\n}')
    const name = parseName('a\\.b\\007.org.')
    assert.deepEqual(await answerOf(handler, 'x. A', { asked: name, name }), ['NXDOMAIN'])
    assert.deepEqual(await answerOf(handler, 'a.b7.org. A'), ['next'])
  })
})

test('what matched and what failed is counted', async () => {
  const source = '{{ .Name }} A {{ if eq .Name "bad.count." }}{{ index .Match 9 }}{{ end }}'
  const handler = handlerOf(`template IN A count {\n  answer "${source.replaceAll('"', '\\"')}"\n}`)
  for (const name of ['bad.count. A', 'x.count. A', 'y.count. A']) await assert.rejects(answerOf(handler, name))
  const labels = ['dns://:53', 'count.', '', 'IN', 'A']
  const counted = (name: string, ...more: readonly string[]) =>
    collectMetrics()
      .find(({ definition }) => definition.name === name)
      ?.series.find(({ values }) => JSON.stringify(values) === JSON.stringify([...labels, ...more]))?.cells[0]
  assert.equal(counted('coredns_template_matches_total'), 3)
  assert.equal(counted('coredns_template_template_failures_total', 'answer', source), 1)
  assert.equal(counted('coredns_template_rr_failures_total', 'answer', source), 2)
})

test('a pattern that makes other engines backtrack for years is matched at once', async () => {
  const handler = handlerOf('template IN A {\n  match ^(([a-z.])+.)+[A-Z]([a-z])+$\n  fallthrough\n}')
  assert.deepEqual(await answerOf(handler, `${'aaaaaaaaa.'.repeat(25)} A`), ['next'])
})
