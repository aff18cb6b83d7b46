import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Rcode } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { errorReply, reply, silence } from '../../../src/dns/reply.ts'
import { parseRecord } from '../../../src/dns/text.ts'
import { Failure, type Next } from '../../../src/plugin.ts'
import { answerFrom, type Case, fixtureSerial, handlerFor, run, serverFor } from '../../ask.ts'
import { queryOf } from '../../context.ts'

/** Cases whose replies are those of the records below: not authoritative. */
const passed = (cases: readonly Case[]): readonly Case[] =>
  cases.map((one) => ({ authoritative: false, recursionAvailable: true, ...one }))

const naptr = (letter: string) => `NAPTR 1 2 "s" "SIP+D2U" "" ${letter}.example.`

const records = [
  'b.example. 60 IN A 192.0.2.1',
  'www.b.example. 60 IN CNAME b.example.',
  'svc.b.example. 60 IN SRV 1 2 80 b.example.',
  'mail.b.example. 60 IN MX 10 b.example.',
  'ns.b.example. 60 IN NS b.example.',
  'b.example. 60 IN SOA b.example. hostmaster.b.example. 1 2 3 4 5',
  'ptr.b.example. 60 IN PTR x.b.example.',
  `naptr.b.example. 60 IN ${naptr('b')}`,
  'dname.b.example. 60 IN DNAME b.example.',
  'txt.b.example. 60 IN TXT "b.example."',
  'b.example. 60 IN HINFO "CPU" "OS"',
  'Mixed.B.example. 60 IN CNAME B.Example.',
]
const from = (body: string) => () => handlerFor(body, { next: answerFrom(records) })

run(
  'an exact name, and what is below it in the reply',
  from('rewrite name A.example B.example.'),
  passed([
    { ask: 'a.example. A', answer: ['a.example. 60 IN A 192.0.2.1'] },
    { ask: 'A.Example. A', answer: ['a.example. 60 IN A 192.0.2.1'] },
    { ask: 'a.example. SOA', answer: ['a.example. 60 IN SOA a.example. hostmaster.b.example. 1 2 3 4 5'] },
    { ask: 'b.example. A', answer: ['b.example. 60 IN A 192.0.2.1'] },
    { ask: 'www.a.example. A', rcode: 'NXDOMAIN' },
    { ask: 'aa.example. A', rcode: 'NXDOMAIN' },
  ]),
)

run(
  'a prefix ends with a dot',
  from('rewrite name prefix web www\nrewrite name prefix sv svc answer auto'),
  passed([
    { ask: 'web.b.example. A', answer: ['www.b.example. 60 IN CNAME b.example.', 'b.example. 60 IN A 192.0.2.1'] },
    { ask: 'web2.b.example. A', rcode: 'NXDOMAIN' },
    { ask: 'sv.b.example. SRV', answer: ['sv.b.example. 60 IN SRV 1 2 80 b.example.'] },
  ]),
)

run(
  'a suffix, turned back everywhere',
  from('rewrite name suffix a.example b.example answer auto'),
  passed([
    { ask: 'a.example. A', answer: ['a.example. 60 IN A 192.0.2.1'] },
    { ask: 'www.a.example. A', answer: ['www.a.example. 60 IN CNAME a.example.', 'a.example. 60 IN A 192.0.2.1'] },
    { ask: 'svc.a.example. SRV', answer: ['svc.a.example. 60 IN SRV 1 2 80 a.example.'] },
    { ask: 'mail.a.example. MX', answer: ['mail.a.example. 60 IN MX 10 a.example.'] },
    { ask: 'ns.a.example. NS', answer: ['ns.a.example. 60 IN NS a.example.'] },
    { ask: 'ptr.a.example. PTR', answer: ['ptr.a.example. 60 IN PTR x.a.example.'] },
    { ask: 'naptr.a.example. NAPTR', answer: [`naptr.a.example. 60 IN ${naptr('a')}`] },
    { ask: 'dname.a.example. DNAME', answer: ['dname.a.example. 60 IN DNAME a.example.'] },
    { ask: 'txt.a.example. TXT', answer: ['txt.a.example. 60 IN TXT "b.example."'] },
    // Names are compared without case.
    { ask: 'MIXED.a.example. CNAME', answer: ['mixed.a.example. 60 IN CNAME a.example.'] },
    // It is text that is compared.
    { ask: 'ns.a.example. A' },
    { ask: 'a.example.org. A', rcode: 'NXDOMAIN' },
  ]),
)

run(
  'a suffix without answers',
  from('rewrite name suffix .a.example .b.example'),
  passed([
    { ask: 'svc.a.example. SRV', answer: ['svc.b.example. 60 IN SRV 1 2 80 b.example.'] },
    { ask: 'a.example. A', rcode: 'NXDOMAIN' },
  ]),
)

run(
  'a part of the name, as often as it is there',
  from('rewrite name substring a.example b.example\nrewrite name substring q.q w.w answer auto'),
  passed([
    { ask: 'a.example. A', answer: ['b.example. 60 IN A 192.0.2.1'] },
    { ask: 'q.q.b.example. A', rcode: 'NXDOMAIN' },
  ]),
)

run(
  'a regular expression, with answers by name and by value',
  from(
    'rewrite stop {\n name regex (.*)-([a-z]+)\\.example {1}.{2}.example\n' +
      ' answer name (.*)\\.(b)\\.example {1}-{2}.example\n answer value ^(b)\\.example {1}.org value (x)\\.b\\.example {1}.net\n}',
  ),
  passed([
    { ask: 'svc-b.example. SRV', answer: ['svc-b.example. 60 IN SRV 1 2 80 b.org.'] },
    { ask: 'ptr-b.example. PTR', answer: ['ptr-b.example. 60 IN PTR x.net.'] },
    { ask: 'WWW-B.example. A', answer: ['www-b.example. 60 IN CNAME b.org.', 'b.example. 60 IN A 192.0.2.1'] },
    { ask: 'svc.b.example. SRV', answer: ['svc.b.example. 60 IN SRV 1 2 80 b.example.'] },
  ]),
)

run(
  'all sections are turned back',
  () =>
    handlerFor('rewrite name suffix .example .test answer auto', {
      next: () =>
        reply({
          answer: [parseRecord('a.test. 60 IN CNAME b.test.')],
          authority: [parseRecord('a.test. 60 IN NS ns.a.test.')],
          additional: [parseRecord('ns.a.test. 60 IN AAAA 2001:db8::1')],
        }),
    }),
  [
    {
      ask: 'a.example. A',
      authoritative: false,
      answer: ['a.example. 60 IN CNAME b.example.'],
      authority: ['a.example. 60 IN NS ns.a.example.'],
      additional: ['ns.a.example. 60 IN AAAA 2001:db8::1'],
    },
  ],
)

run(
  'rules one after the other, turned back in reverse',
  from(
    [
      'rewrite continue name exact one.example two.example',
      'rewrite continue name exact two.example b.example',
      'rewrite name suffix .example .example',
      'rewrite name exact b.example never.example',
    ].join('\n'),
  ),
  passed([{ ask: 'one.example. A', answer: ['one.example. 60 IN A 192.0.2.1'] }]),
)

run(
  'the first rule that is for the question is the last one',
  from('rewrite name a.example b.example\nrewrite name exact b.example never.example'),
  passed([
    { ask: 'a.example. A', answer: ['a.example. 60 IN A 192.0.2.1'] },
    { ask: 'b.example. A', rcode: 'NXDOMAIN' },
  ]),
)

run(
  'type',
  from('rewrite continue type ANY HINFO\nrewrite type aaaa A'),
  passed([
    { ask: 'b.example. ANY', answer: ['b.example. 60 IN HINFO "CPU" "OS"'] },
    { ask: 'b.example. AAAA', answer: ['b.example. 60 IN A 192.0.2.1'] },
    { ask: 'b.example. TXT' },
  ]),
)

run(
  'ttl',
  from(
    [
      'rewrite ttl www.b.example 30',
      'rewrite ttl prefix svc 100-',
      'rewrite ttl suffix l.b.example -10',
      'rewrite ttl substring s.b 61-70',
      'rewrite ttl regex ^p.r 1-100',
    ].join('\n'),
  ),
  passed([
    { ask: 'www.b.example. A', answer: ['www.b.example. 30 IN CNAME b.example.', 'b.example. 30 IN A 192.0.2.1'] },
    { ask: 'svc.b.example. SRV', answer: ['svc.b.example. 100 IN SRV 1 2 80 b.example.'] },
    { ask: 'mail.b.example. MX', answer: ['mail.b.example. 10 IN MX 10 b.example.'] },
    { ask: 'ptr.b.example. PTR', answer: ['ptr.b.example. 60 IN PTR x.b.example.'] },
    // A substring ends with a dot as well.
    { ask: 'ns.b.example. NS', answer: ['ns.b.example. 61 IN NS b.example.'] },
    { ask: 'b.example. A', answer: ['b.example. 60 IN A 192.0.2.1'] },
  ]),
)

run(
  'rcode, of the reply to the rewritten name too',
  from(
    'rewrite continue name suffix .a.example .b.example\nrewrite rcode suffix .b.example NXDOMAIN 0\nrewrite rcode x 0 5',
  ),
  passed([
    { ask: 'nowhere.b.example. A' },
    { ask: 'nowhere.a.example. A' },
    { ask: 'nowhere.example. A', rcode: 'NXDOMAIN' },
    { ask: 'www.b.example. A', answer: ['www.b.example. 60 IN CNAME b.example.', 'b.example. 60 IN A 192.0.2.1'] },
  ]),
)

const aliases = [
  'old.example. 60 IN CNAME cdn.old.test.',
  'chain.example. 60 IN CNAME old.example.',
  'cdn.old.test. 60 IN A 192.0.2.1',
  'cdn.new.test. 60 IN A 192.0.2.2',
  'new.test. 60 IN A 192.0.2.3',
  'plain.example. 60 IN A 192.0.2.4',
]
for (const rule of [
  'CDN.old.test cdn.new.test',
  'exact cdn.old.test. cdn.new.test.',
  'suffix .old.test. .new.test.',
  'prefix cdn.old. cdn.new.',
  'substring .OLD. .new.',
  'regex ^(CDN)\\.old\\. {1}.new.test',
]) {
  run(
    `cname ${rule}`,
    () => handlerFor(`rewrite cname ${rule}`, { next: answerFrom(aliases) }),
    passed([
      {
        ask: 'old.example. A',
        answer: ['old.example. 60 IN CNAME cdn.new.test.', 'cdn.new.test. 60 IN A 192.0.2.2'],
        ordered: true,
      },
      {
        ask: 'chain.example. A',
        answer: [
          'chain.example. 60 IN CNAME old.example.',
          'old.example. 60 IN CNAME cdn.new.test.',
          'cdn.new.test. 60 IN A 192.0.2.2',
        ],
        ordered: true,
      },
      { ask: 'plain.example. A', answer: ['plain.example. 60 IN A 192.0.2.4'] },
      { ask: 'old.example. AAAA', answer: ['old.example. 60 IN CNAME cdn.new.test.'] },
    ]),
  )
}

run(
  'a target that leads to itself ends',
  () => handlerFor('rewrite cname cdn.old.test old.example', { next: answerFrom(aliases) }),
  passed([{ ask: 'old.example. A', answer: Array(17).fill('old.example. 60 IN CNAME old.example.') }]),
)

suite('policies', () => {
  const records = ['secret.example. 60 IN A 192.0.2.1', 'open.example. 60 IN A 192.0.2.2']
  run(
    'acl sees the name that is answered, not the one that was asked',
    () =>
      handlerFor(
        'acl secret.example {\n block\n}\nrewrite name alias.example secret.example\nrewrite name secret.example open.example',
        {
          next: answerFrom(records),
        },
      ),
    [
      { ask: 'alias.example. A', authoritative: false, rcode: 'REFUSED' },
      ...passed([{ ask: 'secret.example. A', answer: ['secret.example. 60 IN A 192.0.2.2'] }]),
    ],
  )

  test('cache keeps the name that is answered, with its own owner', async () => {
    const asked: string[] = []
    const answer = answerFrom(records)
    const next: Next = (query) => {
      asked.push(printName(query.name))
      return answer(query)
    }
    const ask = handlerFor('cache\nrewrite name a.example open.example\nrewrite name b.example open.example', { next })
    for (const name of ['a.example.', 'b.example.', 'open.example.']) {
      const { answer: got } = await ask(queryOf(`${name} A`))
      assert.deepEqual(
        got.map((rrset) => printName(rrset.owner)),
        [name],
      )
    }
    assert.deepEqual(asked, ['open.example.'])
  })
})

suite('what goes wrong', () => {
  test('a name that is none is SERVFAIL and told', async () => {
    const ask = handlerFor('rewrite name regex (.*) {1}.{1}', { next: answerFrom(records) })
    await assert.rejects(
      async () => ask(queryOf('b.example. A')),
      (error) => {
        assert(error instanceof Failure)
        assert.equal(error.message, 'invalid name after rewrite: b.example..b.example..')
        assert.equal(error.reply.rcode, Rcode.SERVFAIL)
        return true
      },
    )
  })
  test('so is one that only a reply would have', async () => {
    const long = `${'x'.repeat(63)}.`.repeat(3)
    const ask = handlerFor(`rewrite name ${long}a b.example`, {
      next: () => reply({ answer: [parseRecord(`${'y'.repeat(60)}.b.example. 60 IN A 192.0.2.1`)] }),
    })
    await assert.rejects(async () => ask(queryOf(`${long}a. A`)), /^Failure: invalid name after rewrite: y{60}\.x/)
  })
  test('what another plugin says of its failure is rewritten', async () => {
    const failure = new Failure('nobody there', errorReply(Rcode.SERVFAIL))
    const ask = handlerFor('rewrite rcode suffix . SERVFAIL NXDOMAIN', {
      next: () => {
        throw failure
      },
    })
    await assert.rejects(
      async () => ask(queryOf('b.example. A')),
      (error) => {
        assert(error instanceof Failure)
        assert.deepEqual([error.message, error.reply.rcode, error.cause], ['nobody there', Rcode.NXDOMAIN, failure])
        return true
      },
    )
  })
  test('other errors stay as they are', async () => {
    const fault = new TypeError('a fault')
    const ask = handlerFor('rewrite rcode suffix . SERVFAIL NXDOMAIN', { next: () => Promise.reject(fault) })
    await assert.rejects(async () => ask(queryOf('b.example. A')), fault)
  })
  test('silence stays silence', async () => {
    const ask = handlerFor('rewrite ttl suffix . 0', { next: () => silence })
    assert.equal(await ask(queryOf('b.example. A')), silence)
  })
})

test('a class is rewritten where somebody answers others', async () => {
  const seen: Query[] = []
  const next: Next = (query) => {
    seen.push(query)
    return reply({})
  }
  const ask = handlerFor('chaos\nrewrite class CH IN', { next })
  await ask(queryOf('b.example. A', { class: 3 }))
  await ask(queryOf('b.example. A', { class: 1 }))
  assert.deepEqual(
    seen.map((query) => query.class),
    [1, 1],
  )
})

suite('recipes of the page', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../docs/plugins/rewrite.md', import.meta.url)), 'utf8')
  const corefile = page.split(/^```(?:corefile)?$/m).find((block) => block.includes('(?:svc|pod)'))
  assert(corefile !== undefined)
  const soa = `cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${fixtureSerial} 7200 1800 86400 5`
  run('SVC.NS.cluster.local', () => serverFor(corefile), [
    { ask: 'svc1.testns.svc.cluster.local. A', answer: ['svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1'] },
    { ask: 'svc1.testns.cluster.local. A', answer: ['svc1.testns.cluster.local. 5 IN A 10.96.1.1'] },
    { ask: 'SVC1.testns.Cluster.local. A', answer: ['svc1.testns.cluster.local. 5 IN A 10.96.1.1'] },
    { ask: 'testns.svc.cluster.local. A', authority: [soa] },
    { ask: 'none.testns.cluster.local. A', rcode: 'NXDOMAIN', authority: [soa] },
  ])
})
