import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Opcode, printRcode, Rcode } from '../../../src/dns/codes.ts'
import { parseName } from '../../../src/dns/name.ts'
import { forward } from '../../../src/plugins/forward/index.ts'
import { printHostPort } from '../../../src/plugins/forward/upstream-error.ts'
import { blockOf, configOf, isCorefileError, mainContext, queryOf, recordLog, workerContext } from '../../context.ts'
import {
  type Asked,
  type Behaviour,
  honest,
  lieTo,
  option,
  records,
  refusing,
  replyTo,
  type Step,
  silent,
  truncating,
  truthTo,
} from '../../upstream.ts'
import { counted, type Fields, forwardBy, line, until, upstreams } from './forwarding.ts'

const truth = 'NOERROR example.org. 60 IN A 192.0.2.1'
const timeout = 'SERVFAIL EDE22: read udp 127.0.0.1->127.0.0.1: i/o timeout'
const tcp: Fields = { client: { transport: 'tcp' } }
const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }

/** Octets that are a reply but for their end. */
const truncatedOctets = (id: number): Buffer =>
  Buffer.concat([Buffer.from([id >> 8, id & 255, 0x82, 0x00, 0, 1, 0, 1, 0, 0, 0, 0]), question, Buffer.from([0xc0])])
const question = Buffer.from('\x07example\x03org\0\0\x01\0\x01', 'latin1')

suite('one upstream', () => {
  /** What it does, what the stanza says, and what becomes of the question `example.org. A`. */
  const cases: readonly {
    readonly title: string
    readonly behaviour: Behaviour
    readonly options?: string
    readonly fields?: Fields
    readonly told: string
  }[] = [
    { title: 'answers', behaviour: honest, told: truth },
    { title: 'answers by TCP', behaviour: honest, fields: tcp, told: truth },
    { title: 'says nothing', behaviour: silent, told: timeout },
    {
      title: 'says nothing by TCP',
      behaviour: silent,
      fields: tcp,
      told: 'SERVFAIL EDE22: read tcp 127.0.0.1->127.0.0.1: i/o timeout',
    },
    {
      title: 'resets connections',
      behaviour: () => ['reset'],
      fields: tcp,
      told: 'SERVFAIL EDE23: read tcp 127.0.0.1->127.0.0.1: read: connection reset by peer',
    },
    {
      title: 'closes connections',
      behaviour: () => ['end'],
      fields: tcp,
      told: 'SERVFAIL EDE23: read tcp 127.0.0.1->127.0.0.1: EOF',
    },
    ...['SERVFAIL', 'NXDOMAIN', 'REFUSED', 'NOTIMP', 'FORMERR'].map((rcode) => ({
      title: `replies ${rcode}`,
      behaviour: refusing(rcode),
      told: rcode,
    })),
    {
      title: 'replies BADVERS',
      behaviour: ({ query }) => [{ send: replyTo(query, { rcode: Rcode.BADVERS, edns }) }],
      told: 'BADVERS',
    },
    {
      title: 'replies late, but in time',
      behaviour: (asked) => [{ wait: 60 }, { send: truthTo(asked) }],
      options: 'read_timeout 5s',
      told: truth,
    },
    {
      title: 'replies too late',
      behaviour: (asked) => [{ wait: 400 }, { send: truthTo(asked) }],
      told: timeout,
    },
    // Lies.
    {
      title: 'lies with another ID',
      behaviour: (asked) => [{ send: lieTo(asked, { id: asked.query.id ^ 1 }) }, { wait: 10 }, ...honest(asked)],
      told: truth,
    },
    {
      title: 'lies with another ID by TCP',
      behaviour: (asked) => [{ send: lieTo(asked, { id: asked.query.id ^ 1 }) }, { wait: 10 }, ...honest(asked)],
      fields: tcp,
      told: truth,
    },
    {
      title: 'lies with every other ID but one',
      behaviour: (asked) =>
        Array.from({ length: 200 }, (_, at) => ({ send: lieTo(asked, { id: (asked.query.id + 1 + at) & 0xffff }) })),
      told: timeout,
    },
    {
      title: 'answers another name',
      behaviour: (asked) => [
        { send: lieTo(asked, { questions: records('example.com. 1 A 1.1.1.1').map(asQuestion) }) },
      ],
      told: timeout,
    },
    {
      title: 'answers a name below',
      behaviour: (asked) => [
        { send: lieTo(asked, { questions: records('a.example.org. 1 A 1.1.1.1').map(asQuestion) }) },
        ...honest(asked),
      ],
      told: truth,
    },
    {
      title: 'answers another type',
      behaviour: (asked) => [
        { send: lieTo(asked, { questions: asked.query.questions.map((one) => ({ ...one, type: 28 })) }) },
      ],
      told: timeout,
    },
    {
      title: 'answers another class',
      behaviour: (asked) => [
        { send: lieTo(asked, { questions: asked.query.questions.map((one) => ({ ...one, class: 3 })) }) },
      ],
      told: timeout,
    },
    {
      title: 'answers two questions',
      behaviour: (asked) => [
        { send: lieTo(asked, { questions: [...asked.query.questions, ...asked.query.questions] }) },
      ],
      told: timeout,
    },
    {
      title: 'answers without a question',
      behaviour: (asked) => [{ send: lieTo(asked, { questions: [] }) }],
      told: timeout,
    },
    {
      title: 'says NOERROR without a question',
      behaviour: ({ query }) => [{ send: replyTo(query, { questions: [], edns: undefined }) }],
      told: timeout,
    },
    {
      title: 'could not read the question',
      behaviour: ({ query }) => [{ send: replyTo(query, { questions: [], rcode: Rcode.FORMERR, edns: undefined }) }],
      told: 'FORMERR',
    },
    {
      title: 'asks in place of answering',
      behaviour: (asked) => [{ send: lieTo(asked, { response: false }) }],
      told: timeout,
    },
    {
      title: 'replies to another operation',
      behaviour: (asked) => [{ send: lieTo(asked, { opcode: Opcode.NOTIFY }) }],
      told: timeout,
    },
    {
      title: 'is overtaken by a stranger with the right ID',
      behaviour: (asked) => [{ send: lieTo(asked), elsewhere: true }, { wait: 20 }, ...honest(asked)],
      told: truth,
    },
    {
      title: 'answers in another case',
      behaviour: (asked) => [
        {
          send: {
            ...truthTo(asked),
            questions: asked.query.questions.map((one) => ({
              ...one,
              name: one.name.toUpperCase() as typeof one.name,
            })),
          },
        },
      ],
      told: truth,
    },
    {
      title: 'answers twice, the second time with a lie',
      behaviour: (asked) => [...honest(asked), { send: lieTo(asked) }],
      told: truth,
    },
    {
      title: 'sends rubbish before it answers',
      behaviour: (asked) => [
        { send: Buffer.from('x') },
        { send: Buffer.alloc(0) },
        { send: Buffer.alloc(12) },
        ...honest(asked),
      ],
      told: truth,
    },
    {
      title: 'sends a reply that can not be read',
      behaviour: ({ query }) => {
        const octets = truncatedOctets(query.id)
        octets[2] = 0x80
        return [{ send: octets }]
      },
      told: 'SERVFAIL EDE23: dns: bad reply: name beyond the end of the message',
    },
    {
      title: 'is cut in the middle of a record',
      behaviour: ({ query }) => [{ send: truncatedOctets(query.id) }],
      told: 'NOERROR TC',
    },
    // Truncation.
    { title: 'truncates', behaviour: truncating, told: 'NOERROR TC' },
    { title: 'truncates', behaviour: truncating, options: 'prefer_udp', told: truth },
    { title: 'truncates', behaviour: truncating, options: 'prefer_udp', fields: tcp, told: truth },
    { title: 'truncates', behaviour: truncating, options: 'force_tcp', told: truth },
    { title: 'truncates', behaviour: truncating, options: 'prefer_udp\nforce_tcp', told: truth },
    { title: 'truncates', behaviour: truncating, fields: tcp, told: truth },
  ]
  for (const { title, behaviour, options = '', fields, told } of cases) {
    const how = [options.replace('\n', ' '), fields === tcp ? 'for a client of TCP' : ''].join(' ').trim()
    test(`${title}${how === '' ? '' : ` (${how})`}: ${told}`, async (t) => {
      const [upstream] = await upstreams(t, behaviour)
      // Whoever is to be answered has time, however busy this host is.
      const wait = options.includes('read_timeout')
        ? ''
        : `\nread_timeout ${told.includes('i/o timeout') ? '120ms' : '2s'}`
      const { told: tell } = forwardBy(t, `forward . ${upstream?.address} {\n${options}${wait}\n}`)
      assert.equal(await tell('example.org. A', fields), told)
    })
  }

  test('whatever lies come first, and in whatever number, none is believed', async (t) => {
    type Lie = (asked: Asked) => Step
    const first = ({ query }: Asked) => query.questions[0] as NonNullable<Asked['query']['questions'][0]>
    const lies: readonly Lie[] = [
      (asked) => ({ send: lieTo(asked, { id: (asked.query.id + 1) & 0xffff }) }),
      (asked) => ({ send: lieTo(asked, { response: false }) }),
      (asked) => ({ send: lieTo(asked, { opcode: Opcode.UPDATE }) }),
      (asked) => ({ send: lieTo(asked, { questions: [] }) }),
      (asked) => ({ send: lieTo(asked, { questions: [first(asked), first(asked)] }) }),
      (asked) => ({ send: lieTo(asked, { questions: [{ ...first(asked), type: 2 }] }) }),
      (asked) => ({ send: lieTo(asked, { questions: [{ ...first(asked), class: 255 }] }) }),
      (asked) => ({ send: lieTo(asked, { questions: [{ ...first(asked), name: parseName('www.example.org.') }] }) }),
      (asked) => ({ send: lieTo(asked, { questions: [{ ...first(asked), name: parseName('org.') }] }) }),
      (asked) => (asked.transport === 'udp' ? { send: lieTo(asked), elsewhere: true } : { wait: 1 }),
      () => ({ send: Buffer.from('not DNS at all, and longer than a header') }),
      () => ({ wait: 1 }),
    ]
    const plans = fc.record({
      lies: fc.array(fc.nat(lies.length - 1), { maxLength: 12 }),
      isHonest: fc.boolean(),
      isTcp: fc.boolean(),
    })
    const [upstream] = await upstreams(t, honest)
    const by = (timeout: string) =>
      forwardBy(t, `forward . ${upstream?.address} {\nread_timeout ${timeout}\nmax_fails 0\n}`).told
    const [patient, hasty] = [by('2s'), by('60ms')]
    await fc.assert(
      fc.asyncProperty(plans, async ({ lies: plan, isHonest, isTcp }) => {
        const behaviour: Behaviour = (asked) => [
          ...plan.map((at) => (lies[at] as Lie)(asked)),
          ...(isHonest ? honest(asked) : []),
        ]
        if (upstream !== undefined) upstream.behave = behaviour
        const answer = await (isHonest ? patient : hasty)('example.org. A', isTcp ? tcp : undefined)
        assert.match(answer, isHonest ? /^NOERROR .* 192\.0\.2\.1$/ : /^SERVFAIL EDE22: .* i\/o timeout$/)
      }),
      { numRuns: 60 },
    )
  })

  test('that is not there is told of', async (t) => {
    const [upstream] = await upstreams(t, honest)
    await upstream?.die()
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    assert.equal(
      await told('example.org. A'),
      'SERVFAIL EDE23: read udp 127.0.0.1->127.0.0.1: read: connection refused',
    )
    assert.equal(await told('example.org. A', tcp), 'SERVFAIL EDE23: dial tcp 127.0.0.1: connect: connection refused')
    await upstream?.revive()
    assert.equal(await told('example.org. A'), truth)
    assert.equal(await told('example.org. A', tcp), truth)
  })

  test('the client learns nothing of our sockets', async (t) => {
    const [upstream] = await upstreams(t, silent)
    const { ask } = forwardBy(t, `forward . ${upstream?.address} {\nread_timeout 20ms\n}`)
    await assert.rejects(ask('example.org. A'), (error: { reply: { errors: unknown } }) => {
      assert.deepEqual(error.reply.errors, [{ code: 22, text: `read udp ${upstream?.address}: i/o timeout` }])
      return true
    })
  })

  test('a lie about one name hurts no other', async (t) => {
    const [upstream] = await upstreams(t, (asked) => {
      const name = asked.query.questions[0]?.name ?? ''
      return name.startsWith('\x03bad') ? [{ send: lieTo(asked, { id: asked.query.id ^ 7 }) }] : honest(asked)
    })
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nread_timeout 300ms\n}`)
    const names = Array.from({ length: 40 }, (_, at) => `n${at}.example.org. A`)
    const all = await Promise.all([told('bad.example.org. A'), ...names.map((name) => told(name))])
    assert.deepEqual(all, [timeout, ...names.map((name) => `NOERROR ${name.slice(0, -2)} 60 IN A 192.0.2.1`)])
  })
})

const asQuestion = ({ owner, type, class: recordClass }: ReturnType<typeof records>[number]) => ({
  name: owner,
  type,
  class: recordClass,
})

suite('what is passed on', () => {
  test('to the upstream: flags, case, options, but what is between neighbours', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { ask } = forwardBy(t, `forward . ${upstream?.address}`)
    await ask('eXample.ORG. TXT', {
      recursionDesired: false,
      authenticData: true,
      checkingDisabled: true,
      edns: {
        udpSize: 4096,
        version: 0,
        dnssecOk: true,
        options: [
          option('COOKIE', '12345678'),
          option('CLIENT_SUBNET', 'x'),
          option('TCP_KEEPALIVE', ''),
          option('PADDING', '\0\0'),
          option('NSID', ''),
          { code: 65001, data: 'own' },
        ],
      },
    })
    const query = upstream?.asked[0]?.query
    assert.deepEqual(
      { ...query, id: 0 },
      {
        ...replyTo(query as NonNullable<typeof query>),
        id: 0,
        response: false,
        recursionDesired: false,
        recursionAvailable: false,
        authenticData: true,
        checkingDisabled: true,
        questions: [{ name: '\x07eXample\x03ORG\0', type: 16, class: 1 }],
        edns: {
          udpSize: 1232,
          version: 0,
          dnssecOk: true,
          options: [option('CLIENT_SUBNET', 'x'), option('NSID', ''), { code: 65001, data: 'own' }],
        },
      },
    )
  })

  test('to the upstream: no OPT record without one, and a small size stays small', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { ask } = forwardBy(t, `forward . ${upstream?.address}`)
    await ask('example.org. A')
    for (const udpSize of [0, 512, 1000]) await ask('example.org. A', { edns: { ...edns, udpSize } })
    assert.deepEqual(
      upstream?.asked.map(({ query }) => query.edns?.udpSize),
      [undefined, 512, 512, 1000],
    )
  })

  test('to the client: every section, unknown types, TTLs, flags, options and extended errors', async (t) => {
    const sections = {
      answer: [
        ...records('Example.org. 0 IN TYPE65400 \\# 3 0102ff'),
        ...records('Example.org. 1 IN A 192.0.2.9').map((rrset) => ({ ...rrset, ttl: 4294967295 })),
      ],
      authority: records('example.org. 86400 IN NS ns.example.org.'),
      additional: records('ns.example.org. 1 IN AAAA 2001:db8::1'),
    }
    const extendedError = { code: 15, data: '\0\x16out of reach' }
    const [upstream] = await upstreams(t, ({ query }) => [
      {
        send: replyTo(query, {
          ...sections,
          authoritative: true,
          authenticData: true,
          recursionAvailable: false,
          edns: {
            ...edns,
            options: [
              option('COOKIE', '1234567890123456'),
              option('NSID', 'ns1'),
              { code: 65001, data: '\xff\0' },
              extendedError,
            ],
          },
        }),
      },
    ])
    const { ask } = forwardBy(t, `forward . ${upstream?.address}`)
    assert.deepEqual(await ask('Example.org. TYPE65400', { edns }), {
      rcode: Rcode.NOERROR,
      authoritative: true,
      recursionAvailable: false,
      authenticData: true,
      truncated: false,
      ...sections,
      options: [option('NSID', 'ns1'), { code: 65001, data: '\xff\0' }],
      errors: [{ code: 22, text: 'out of reach' }],
      udpSize: 1232,
      fresh: false,
      plugin: 'forward',
    })
  })

  test('who answered is known to the log', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const controller = new AbortController()
    t.after(() => controller.abort())
    const config = configOf(forward, `forward . ${upstream?.address}`)
    const context = workerContext({ signal: controller.signal })
    const query = queryOf('example.org. A')
    await forward.handler?.(config, context)(query, () => assert.fail('nobody else is asked'))
    const facets = forward.offers?.(config, context)
    assert.equal(facets?.metadata?.(query, 'forward/upstream'), upstream?.address)
    assert.equal(facets?.metadata?.(query, 'forward/other'), undefined)
    assert.equal(facets?.metadata?.(queryOf('example.org. A'), 'forward/upstream'), undefined)
  })

  test('transfers are refused', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    assert.equal(await told('example.org. AXFR', tcp), 'REFUSED')
    assert.equal(upstream?.asked.length, 0)
  })
})

suite('which stanza', () => {
  const cases: readonly (readonly [stanzas: string, question: string, told: string])[] = [
    ['forward . <ONE>', 'a.org. A', '1'],
    ['forward example.org <ONE>', 'a.org. A', 'next'],
    ['forward example.org <ONE>', 'example.org. A', '1'],
    ['forward Example.ORG <ONE>', 'x.eXample.org. A', '1'],
    ['forward example.org <ONE>', 'badexample.org. A', 'next'],
    ['forward . <ONE> {\nexcept example.org\n}', 'example.org. A', 'next'],
    ['forward . <ONE> {\nexcept example.org\n}', 'x.Example.org. A', 'next'],
    ['forward . <ONE> {\nexcept example.org a\n}', 'x.a. A', 'next'],
    ['forward . <ONE> {\nexcept example.org\n}', 'org. A', '1'],
    ['forward example.org <ONE> {\nexcept example.org\n}', 'example.org. A', '1'],
    ['forward example.org <ONE> {\nexcept example.org\n}', 'x.example.org. A', 'next'],
    ['forward 10.0.0.0/8 <ONE>', '1.2.3.10.in-addr.arpa. PTR', '1'],
    // The first of the file that matches, not the longest.
    ['forward . <ONE>\nforward example.org <TWO>', 'example.org. A', '1'],
    ['forward example.org <ONE>\nforward . <TWO>', 'example.org. A', '1'],
    ['forward example.org <ONE>\nforward . <TWO>', 'a.org. A', '2'],
    ['forward . <ONE> {\nexcept example.org\n}\nforward . <TWO>', 'example.org. A', '2'],
    // next: only to another stanza.
    ['forward . <NX> {\nnext NXDOMAIN\n}\nforward . <TWO>', 'a.org. A', '2'],
    ['forward . <NX> {\nnext SERVFAIL\n}\nforward . <TWO>', 'a.org. A', 'NXDOMAIN'],
    ['forward . <NX> {\nnext SERVFAIL\nnext nxdomain\n}\nforward . <TWO>', 'a.org. A', '2'],
    ['forward . <NX> {\nnext NXDOMAIN\n}', 'a.org. A', 'NXDOMAIN'],
    ['forward . <NX> {\nnext NXDOMAIN\n}\nforward example.org <TWO>', 'a.org. A', 'next'],
    ['forward . <NX> {\nnext NXDOMAIN\n}\nforward example.org <TWO>\nforward . <ONE>', 'a.org. A', '1'],
    ['forward . <EMPTY> {\nnext_on_nodata\n}\nforward . <TWO>', 'a.org. A', '2'],
    ['forward . <EMPTY> {\nnext NXDOMAIN\n}\nforward . <TWO>', 'a.org. A', 'NOERROR'],
    ['forward . <EMPTY> {\nnext_on_nodata\n}', 'a.org. A', 'NOERROR'],
    ['forward . <NX> {\nnext_on_nodata\n}\nforward . <TWO>', 'a.org. A', 'NXDOMAIN'],
    ['forward . <ONE> {\nnext_on_nodata\n}\nforward . <TWO>', 'a.org. A', '1'],
    // failover: to another upstream of the stanza.
    ['forward . <NX> <ONE> {\npolicy sequential\nfailover NXDOMAIN\n}', 'a.org. A', '1'],
    ['forward . <NX> <ONE> {\npolicy sequential\n}', 'a.org. A', 'NXDOMAIN'],
    ['forward . <NX> <FAIL> {\npolicy sequential\nfailover NXDOMAIN SERVFAIL\n}', 'a.org. A', 'SERVFAIL'],
    ['forward . <FAIL> <NX> {\npolicy sequential\nfailover NXDOMAIN SERVFAIL\n}', 'a.org. A', 'NXDOMAIN'],
    ['forward . <FAIL> <NX> <ONE> {\npolicy sequential\nfailover SERVFAIL\n}', 'a.org. A', 'NXDOMAIN'],
    ['forward . <FAIL> {\nfailover SERVFAIL\nnext SERVFAIL\n}\nforward . <TWO>', 'a.org. A', '2'],
    ['forward . <DEAD> <ONE> {\npolicy sequential\n}', 'a.org. A', '1'],
    ['forward . <DEAD> <NX> <ONE> {\npolicy sequential\nfailover NXDOMAIN\n}', 'a.org. A', '1'],
  ]
  const says =
    (address: string): Behaviour =>
    ({ query }) => [
      {
        send: replyTo(query, {
          answer: records(`a. 1 A ${address}`).map((rrset) => ({
            ...rrset,
            owner: query.questions[0]?.name ?? rrset.owner,
          })),
        }),
      },
    ]
  for (const [stanzas, asked, told] of cases) {
    test(`${stanzas.replaceAll('\n', ' ')}: ${asked}`, async (t) => {
      const words = ['ONE', 'TWO', 'NX', 'FAIL', 'EMPTY', 'DEAD']
      const behaviours = [
        says('0.0.0.1'),
        says('0.0.0.2'),
        refusing('NXDOMAIN'),
        refusing('SERVFAIL'),
        refusing('NOERROR'),
        silent,
      ]
      const opened = await upstreams(t, ...behaviours)
      await opened[5]?.die()
      const body = words.reduce((text, word, at) => text.replaceAll(`<${word}>`, opened[at]?.address ?? ''), stanzas)
      const said = line(await forwardBy(t, body).ask(asked))
      assert.equal(/ 0\.0\.0\.([12])$/.exec(said)?.[1] ?? said, told)
    })
  }
})

suite('questions at the same time', () => {
  const slow: Behaviour = (asked) => [{ wait: 80 }, ...honest(asked)]
  const withOption = (...options: readonly { code: number; data: string }[]): Fields => ({ edns: { ...edns, options } })
  const cases: readonly (readonly [title: string, pairs: readonly (readonly [string, Fields?])[], asked: number])[] = [
    ['equal ones are asked once', [['a.org. A'], ['a.org. A'], ['A.org. A']], 1],
    [
      'with equal options too',
      [
        ['a.org. A', withOption(option('NSID', ''))],
        ['a.org. A', withOption(option('NSID', ''))],
      ],
      1,
    ],
    ['not those of other names and types', [['a.org. A'], ['b.org. A'], ['a.org. AAAA']], 3],
    [
      'nor with other flags',
      [
        ['a.org. A'],
        ['a.org. A', { recursionDesired: false }],
        ['a.org. A', { checkingDisabled: true }],
        ['a.org. A', { authenticData: true }],
      ],
      4,
    ],
    [
      'nor with other EDNS',
      [
        ['a.org. A'],
        ['a.org. A', { edns }],
        ['a.org. A', { edns: { ...edns, dnssecOk: true } }],
        ['a.org. A', withOption(option('NSID', ''))],
        ['a.org. A', withOption(option('NSID', 'x'))],
        ['a.org. A', { edns: { ...edns, udpSize: 512 } }],
      ],
      6,
    ],
    ['nor by another transport', [['a.org. A'], ['a.org. A', tcp]], 2],
    [
      'nor with a cookie',
      [
        ['a.org. A', withOption(option('COOKIE', '12345678'))],
        ['a.org. A', withOption(option('COOKIE', '12345678'))],
      ],
      2,
    ],
    [
      'nor with a client subnet',
      [
        ['a.org. A', withOption(option('CLIENT_SUBNET', '\0\x01\x18\0\x0a\0\0'))],
        ['a.org. A', withOption(option('CLIENT_SUBNET', '\0\x01\x18\0\x0a\0\0'))],
      ],
      2,
    ],
    [
      'nor notifications',
      [
        ['a.org. SOA', { opcode: Opcode.NOTIFY }],
        ['a.org. SOA', { opcode: Opcode.NOTIFY }],
      ],
      2,
    ],
  ]
  for (const [title, questions, count] of cases) {
    test(title, async (t) => {
      const [upstream] = await upstreams(t, slow)
      const { ask } = forwardBy(t, `forward . ${upstream?.address}`)
      const replies = await Promise.all(questions.map(([asked, fields]) => ask(asked, fields)))
      assert.deepEqual(
        replies.map(({ rcode }) => printRcode(rcode)),
        questions.map(() => 'NOERROR'),
      )
      assert.equal(upstream?.asked.length, count)
    })
  }

  test('equal ones one after the other are asked each', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    for (let i = 0; i < 3; i++) assert.equal(await told('example.org. A'), truth)
    assert.equal(upstream?.asked.length, 3)
  })

  test('equal ones fail together, and the next one is asked again', async (t) => {
    const [upstream] = await upstreams(t, silent)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nread_timeout 50ms\nmax_fails 0\n}`)
    assert.deepEqual(await Promise.all([told('example.org. A'), told('example.org. A')]), [timeout, timeout])
    assert.equal(upstream?.asked.length, 2)
    if (upstream !== undefined) upstream.behave = honest
    assert.equal(await told('example.org. A'), truth)
  })

  test('more than max_concurrent are refused, and are no fault of the upstream', async (t) => {
    const [upstream] = await upstreams(t, slow)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_concurrent 2\n}`)
    const all = await Promise.all([told('a.org. A'), told('b.org. A'), told('c.org. A')])
    assert.equal(all[2], 'REFUSED: concurrent queries exceeded maximum 2')
    assert.deepEqual(all.slice(0, 2), ['NOERROR a.org. 60 IN A 192.0.2.1', 'NOERROR b.org. 60 IN A 192.0.2.1'])
    assert.equal(await told('d.org. A'), 'NOERROR d.org. 60 IN A 192.0.2.1')
  })

  test('one client does not take all that may be forwarded', async (t) => {
    const [upstream] = await upstreams(t, slow)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_concurrent 18\n}`)
    const noisy = Array.from({ length: 20 }, (_, n) => told(`n${n}.org. A`, { client: { address: '192.0.2.7' } }))
    const other = told('other.org. A', { client: { address: '192.0.2.8' } })
    const refusals = (await Promise.all(noisy)).filter((reply) => reply.startsWith('REFUSED'))
    assert.equal(refusals.length, 4)
    assert.equal(await other, 'NOERROR other.org. 60 IN A 192.0.2.1')
  })

  test('however many stanzas there are, what waits has an end', async (t) => {
    const [upstream] = await upstreams(t, slow)
    const { told } = forwardBy(t, `forward . ${upstream?.address}`)
    const all = await Promise.all(
      Array.from({ length: 5001 }, (_, n) => told('a.org. A', { client: { address: `10.0.${n >> 8}.${n & 255}` } })),
    )
    assert.deepEqual(
      all.filter((reply) => !reply.startsWith('NOERROR')),
      ['REFUSED: 5000 queries are waiting for upstreams'],
    )
    assert.equal(await told('b.org. A'), 'NOERROR b.org. 60 IN A 192.0.2.1')
  })

  test('workers share max_concurrent', async (t) => {
    const [upstream] = await upstreams(t, slow)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_concurrent 3\n}`, { workers: 2 })
    const all = await Promise.all([told('a.org. A'), told('b.org. A'), told('c.org. A')])
    assert.equal(all[2], 'REFUSED: concurrent queries exceeded maximum 3')
  })
})

suite('giving up', () => {
  const attempts: readonly (readonly [options: string, upstreams: number, asked: number])[] = [
    ['', 1, 2],
    ['', 2, 4],
    ['max_connect_attempts 1', 2, 1],
    ['max_connect_attempts 5', 2, 5],
    ['max_fails 0', 1, 2],
  ]
  for (const [options, count, asked] of attempts) {
    test(`${count} that say nothing are asked ${asked} times with ${options === '' ? 'no options' : options}`, async (t) => {
      const opened = await upstreams(t, ...Array.from({ length: count }, () => silent))
      const addresses = opened.map(({ address }) => address).join(' ')
      const { told } = forwardBy(t, `forward . ${addresses} {\nread_timeout 40ms\nhealth_check 1h\n${options}\n}`)
      assert.equal(await told('example.org. A'), timeout)
      const questions = opened
        .flatMap((upstream) => upstream.asked)
        .filter(({ query }) => query.questions[0]?.type === 1)
      assert.equal(questions.length, asked)
    })
  }

  test('without a limit of attempts, time is the limit', async (t) => {
    const [upstream] = await upstreams(t, silent)
    await upstream?.die()
    const start = performance.now()
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\nmax_connect_attempts 0\nmax_fails 0\n}`)
    assert.match(await told('example.org. A'), /^SERVFAIL EDE23: .*connection refused$/)
    assert(performance.now() - start >= 4900)
  })
})

suite('health', () => {
  const isProbe = ({ query }: { query: { questions: readonly { name: string; type: number }[] } }) =>
    query.questions[0]?.type === 2
  const options = 'policy sequential\nread_timeout 250ms\nhealth_check 20ms'

  test('nobody is probed while all is well', async (t) => {
    const [upstream] = await upstreams(t, honest)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\n${options}\n}`)
    for (let i = 0; i < 5; i++) await told('example.org. A')
    assert.equal(upstream?.asked.filter(isProbe).length, 0)
  })

  test('an upstream that fails is probed, passed over, and asked again once it is back', async (t) => {
    const [first, second] = await upstreams(t, honest, honest)
    assert(first !== undefined && second !== undefined)
    const questions = () => first.asked.filter((asked) => !isProbe(asked)).length
    await first.die()
    const { told } = forwardBy(t, `forward . ${first.address} ${second.address} {\n${options}\n}`)
    assert.equal(await told('example.org. A'), truth)
    await until(() => counted('coredns_proxy_healthcheck_failures_total', 'forward', first.address) >= 3)
    first.behave = (asked) => (isProbe(asked) ? [] : honest(asked))
    await first.revive()
    assert.equal(await told('example.org. A'), truth)
    assert.equal(questions(), 0)
    first.behave = honest
    while (questions() === 0) assert.equal(await told('example.org. A'), truth)
    assert(first.asked.some(isProbe))
  })

  test('any reply is a sign of health, and ends the probes', async (t) => {
    let isSilent = true
    const [upstream] = await upstreams(t, (asked) =>
      isProbe(asked) ? refusing('SERVFAIL')(asked) : isSilent ? [] : honest(asked),
    )
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\n${options}\n}`)
    assert.equal(await told('example.org. A'), timeout)
    await until(() => upstream?.asked.some(isProbe) === true)
    isSilent = false
    assert.equal(await told('example.org. A'), truth)
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert((upstream?.asked.filter(isProbe).length ?? 0) <= 2)
  })

  test('max_fails 0: never probed, never down', async (t) => {
    const [upstream] = await upstreams(t, silent)
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\n${options}\nmax_fails 0\n}`)
    for (let i = 0; i < 4; i++) assert.equal(await told('example.org. A'), timeout)
    assert.equal(upstream?.asked.length, 8)
  })

  test('when all are down, one is asked all the same', async (t) => {
    const [upstream] = await upstreams(t, silent)
    await upstream?.die()
    const { told } = forwardBy(t, `forward . ${upstream?.address} {\n${options}\nmax_fails 1\n}`)
    await told('example.org. A')
    await until(() => counted('coredns_proxy_healthcheck_failures_total', 'forward', upstream?.address ?? '') >= 2)
    await upstream?.revive()
    if (upstream !== undefined) upstream.behave = (asked) => (isProbe(asked) ? [] : honest(asked))
    assert.equal(await told('example.org. A'), truth)
  })

  test('but not with failfast_all_unhealthy_upstreams', async (t) => {
    const [upstream] = await upstreams(t, silent)
    await upstream?.die()
    const { told } = forwardBy(
      t,
      `forward . ${upstream?.address} {\n${options}\nmax_fails 1\nfailfast_all_unhealthy_upstreams\n}`,
    )
    await told('example.org. A')
    await until(() => counted('coredns_proxy_healthcheck_failures_total', 'forward', upstream?.address ?? '') >= 2)
    const broken = counted('coredns_forward_healthcheck_broken_total')
    assert.equal(await told('example.org. A'), 'SERVFAIL EDE22: no healthy proxies')
    assert.equal(counted('coredns_forward_healthcheck_broken_total'), broken + 1)
  })

  const probes: readonly (readonly [options: string, transport: string, name: string, recursionDesired: boolean])[] = [
    ['health_check 20ms', 'udp', '\0', true],
    ['health_check 20ms no_rec', 'udp', '\0', false],
    ['health_check 20ms domain Example.org', 'udp', '\x07example\x03org\0', true],
    ['health_check 20ms no_rec domain example.org.', 'udp', '\x07example\x03org\0', false],
    ['health_check 20ms\nforce_tcp', 'tcp', '\0', true],
  ]
  for (const [options, transport, name, recursionDesired] of probes) {
    test(`the probe with ${options.replace('\n', ' ')}`, async (t) => {
      const [upstream] = await upstreams(t, silent)
      const { told } = forwardBy(t, `forward . ${upstream?.address} {\nread_timeout 20ms\n${options}\n}`)
      await told('example.org. A')
      await until(() => upstream?.asked.some(isProbe) === true)
      const probe = upstream?.asked.find(isProbe)
      assert.deepEqual(
        [probe?.transport, probe?.query.questions[0]?.name, probe?.query.recursionDesired],
        [transport, name, recursionDesired],
      )
    })
  }
})

suite('the end', () => {
  test('closes connections, once what was asked is answered', async (t) => {
    const [upstream] = await upstreams(t, (asked) => [{ wait: 80 }, ...honest(asked)])
    const { told, end } = forwardBy(t, `forward . ${upstream?.address}`)
    const answers = Promise.all([told('example.org. A'), told('example.org. A', tcp)])
    await until(() => upstream?.asked.length === 2)
    assert.equal(upstream?.open, 1)
    end()
    assert.deepEqual(await answers, [truth, truth])
    await until(() => upstream?.open === 0)
    // Who is late is answered too, and nothing stays open.
    assert.deepEqual(await Promise.all([told('example.org. A'), told('example.org. A', tcp)]), [truth, truth])
    await until(() => upstream?.open === 0)
  })
})

suite('on the main thread', () => {
  const background = async (body: string, key = '.') => {
    const controller = new AbortController()
    const { log, lines } = recordLog()
    const context = mainContext(controller.signal, { log: log.plugin('forward'), keys: blockOf('', key).keys })
    try {
      return { made: await forward.background?.(configOf(forward, body, key), context), lines }
    } finally {
      controller.abort()
    }
  }

  test('an upstream that is this server is told of', async () => {
    const { lines } = await background('forward . 127.0.0.1 192.0.2.1')
    assert.deepEqual(lines, [
      '[WARNING] plugin/forward: upstream 127.0.0.1:53 is an address of this server itself, so that questions may come back: cluster names are answered all the same; see https://coredns.io/plugins/loop#troubleshooting',
    ])
  })
  test('one on another port is not', async () => {
    assert.deepEqual((await background('forward . 127.0.0.1:5301 192.0.2.1')).lines, [])
    assert.deepEqual((await background('forward . 127.0.0.1:53', '.:1053')).lines, [])
  })
  test('a network of many zones is told of', async () => {
    const { lines } = await background('forward 10.0.0.0/17 192.0.2.1')
    assert.deepEqual(lines, [
      "[WARNING] plugin/forward: Unsupported CIDR notation: '10.0.0.0/17' expands to multiple zones. Using only '0.0.10.in-addr.arpa.'.",
    ])
  })

  test('names are looked up, and workers told', async (t) => {
    const [resolver, upstream] = await upstreams(t, () => [], honest)
    assert(resolver !== undefined && upstream !== undefined)
    resolver.behave = ({ query }) => [
      {
        send: replyTo(query, {
          answer:
            query.questions[0]?.type === 1
              ? records('up.test. 1 A 127.0.0.1').map((rrset) => ({
                  ...rrset,
                  owner: query.questions[0]?.name ?? rrset.owner,
                }))
              : [],
        }),
      },
    ]
    const body = `forward . up.test:${upstream.port} {\nresolver ${resolver.address}\n}\nforward . 192.0.2.7`
    const { made } = await background(body)
    const channel = new MessageChannel()
    made?.feed?.open(channel.port1 as never)
    const { told } = forwardBy(t, body, { feed: (build) => build(channel.port2 as never) })
    assert.equal(await told('example.org. A'), truth)
    channel.port1.close()
    assert.equal(upstream.address, printHostPort('127.0.0.1', upstream.port))
  })
  test('names that are none are an error', async (t) => {
    const [resolver] = await upstreams(t, refusing('NXDOMAIN'))
    await assert.rejects(
      background(`forward . up.test {\nresolver ${resolver?.address}\n}`),
      isCorefileError(
        'plugin/forward: Corefile:2 - Error during parsing: failed to resolve "up.test": lookup up.test: no such host',
      ),
    )
  })
  test('without names there is nothing to tell', async () => {
    assert.deepEqual((await background('forward . 192.0.2.1')).made, {})
  })
})
