import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { printRcode } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import { errorReply, type Reply, reply } from '../../../src/dns/reply.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { collectMetrics } from '../../../src/metrics.ts'
import type { Handler } from '../../../src/plugin.ts'
import { hosts } from '../../../src/plugins/hosts/index.ts'
import { blockOf, configOf, isCorefileError, mainContext, queryOf, recordLog, workerContext } from '../../context.ts'

const folder = mkdtempSync(join(tmpdir(), 'hosts-'))
const end = new AbortController()
after(() => {
  end.abort()
  rmSync(folder, { recursive: true })
})

suite('stanzas', () => {
  const defaults = {
    file: undefined as string | undefined,
    zones: '.',
    inline: [] as string[],
    ttl: 3600,
    reverse: true,
    reload: 5000,
    fallthrough: '',
    fallthroughUnsupported: false,
  }
  const good: Readonly<Record<string, Partial<typeof defaults>>> = {
    hosts: {},
    'hosts NodeHosts': { file: 'NodeHosts' },
    'hosts NodeHosts Example.org 10.0.0.0/8 a..b': { file: 'NodeHosts', zones: 'example.org. 10.in-addr.arpa.' },
    'hosts {\n  10.0.0.1 a.org b.org\n  nonsense\n  ttl 60\n  10.0.0.2 c.org\n}': {
      inline: ['10.0.0.1 a.org b.org', 'nonsense', '10.0.0.2 c.org'],
      ttl: 60,
    },
    'hosts {\n  ttl 1 2 3\n}': { ttl: 1 },
    'hosts {\n  ttl 65535\n  no_reverse\n}': { ttl: 65_535, reverse: false },
    'hosts {\n  reload 0\n}': { reload: 0 },
    'hosts {\n  reload 1m30s\n}': { reload: 90_000 },
    'hosts {\n  fallthrough\n}': { fallthrough: '.' },
    'hosts {\n  fallthrough in-addr.arpa A.org\n}': { fallthrough: 'in-addr.arpa. a.org.' },
    'hosts {\n  fallthrough_unsupported\n  fallthrough\n}': { fallthrough: '.', fallthroughUnsupported: true },
    // No zone is left, so lines may follow.
    'hosts {\n  fallthrough a..b\n  10.0.0.1 a\n}': { inline: ['10.0.0.1 a'] },
    // What follows is read as a line of its own.
    'hosts {\n  no_reverse 10.0.0.1 a\n}': { reverse: false, inline: ['10.0.0.1 a'] },
    'hosts {\n  no_reverse no_reverse ttl 5\n}': { reverse: false, ttl: 5 },
    // Words of ours that are nobody's properties.
    'hosts {\n  constructor a\n}': { inline: ['constructor a'] },
  }
  for (const [stanza, changed] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => {
      const { at, zones, fallthrough, ...config } = configOf(hosts, stanza)
      assert.deepEqual(at, { plugin: 'hosts', file: 'Corefile', line: 2 })
      assert.deepEqual(
        { ...config, zones: zones.map(printName).join(' '), fallthrough: fallthrough.map(printName).join(' ') },
        { ...defaults, ...changed },
      )
    })
  }

  test('the zones are those of the block where none are named', () => {
    assert.deepEqual(configOf(hosts, 'hosts x', 'A.org B.org').zones.map(printName), ['a.org.', 'b.org.'])
  })

  const bad: Readonly<Record<string, string>> = {
    'hosts\nhosts': '3 - Error during parsing: this plugin can only be used once per Server Block',
    'hosts {\n  ttl\n}': '3 - Error during parsing: ttl needs a time in second',
    'hosts {\n  ttl a\n}': '3 - Error during parsing: ttl needs a number of second',
    'hosts {\n  ttl 0\n}': '3 - Error during parsing: ttl provided is invalid',
    'hosts {\n  ttl 65536\n}': '3 - Error during parsing: ttl provided is invalid',
    'hosts {\n  reload\n}': '3 - Error during parsing: reload needs a duration (zero seconds to disable)',
    'hosts {\n  reload 1s 2s\n}': '3 - Error during parsing: reload needs a duration (zero seconds to disable)',
    'hosts {\n  reload 5\n}': "3 - Error during parsing: invalid duration for reload '5'",
    'hosts {\n  reload -1s\n}': "3 - Error during parsing: invalid negative duration for reload '-1s'",
    'hosts {\n  fallthrough\n  10.0.0.1 a\n}': "4 - Error during parsing: unknown property '10.0.0.1'",
    'hosts {\n  fallthrough\n  no_reverse x\n}': "4 - Error during parsing: unknown property 'x'",
    'hosts {\n  fallthrough\n  fallthrough_unsupported x\n}':
      "4 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    'hosts {\n  fallthrough_unsupported\n}': '2 - Error during parsing: fallthrough_unsupported requires fallthrough',
    'hosts {\n  10.0.0.1 a {\n    x\n  }\n}': "3 - Error during parsing: unknown property '{'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(hosts, stanza), isCorefileError(`plugin/hosts: Corefile:${message}`)),
    )
  }
})

/** Begins the stanza's background work, with the handler of one worker. */
async function begin(stanza: string, key?: string): Promise<{ handler: Handler; lines: string[] }> {
  const config = configOf(hosts, stanza, key)
  const { log, lines } = recordLog()
  log.setDebug(true)
  const { keys } = blockOf('', key)
  const background = await hosts.background?.(config, mainContext(end.signal, { keys, log: log.plugin('hosts') }))
  const { port1, port2 } = new MessageChannel()
  background?.feed?.open(port1)
  end.signal.addEventListener('abort', () => port1.close())
  const handler = hosts.handler?.(config, workerContext({ keys, feed: (build) => build(port2) }))
  assert(handler !== undefined)
  return { handler, lines }
}

/** What is answered: `next`, or rcode and records. */
async function answerOf(handler: Handler, question: string): Promise<string[]> {
  const passed = errorReply(0)
  const got: Reply = await handler(queryOf(question), () => passed)
  if (got === passed) return ['next']
  const { rcode, authoritative, answer, ...rest } = got
  const expected = { ...reply({}), plugin: rcode === 0 ? 'hosts' : '' }
  for (const [field, value] of Object.entries(rest)) assert.deepEqual(value, expected[field as keyof Reply], field)
  assert.equal(authoritative, rcode === 0)
  return [...(rcode === 0 ? [] : [printRcode(rcode)]), ...answer.flatMap(printRecords)]
}

suite('answers', () => {
  const file = join(folder, 'table')
  writeFileSync(
    file,
    [
      '# comment',
      '10.0.0.1   One.example.org one   # and another',
      '10.0.0.2\ttwo.example.org',
      '2001:db8::2 two.example.org',
      '10.0.0.22 TWO.example.org.',
      '10.0.0.22 two.example.org',
      'fe80::3%eth0 three.example.org',
      '::ffff:10.0.0.4 four.example.org',
      '010.0.0.5 five.example.org',
      '10.0.0.6',
      '10.0.0.7 bad..name seven.example.org',
      '10.0.0.8 *.wild.example.org',
      '10.0.0.9 known.wild.example.org',
      '10.0.0.10 *.org',
      '10.0.0.11 elsewhere.net',
      '10.0.0.12 *',
      '10.0.0.13 crlf.example.org\r',
    ].join('\n'),
  )
  const cases: readonly {
    readonly body?: string
    readonly key?: string
    readonly ask: Readonly<Record<string, readonly string[]>>
  }[] = [
    {
      ask: {
        'one.example.org. A': ['one.example.org. 3600 IN A 10.0.0.1'],
        'one. A': ['one. 3600 IN A 10.0.0.1'],
        'TwO.Example.ORG. A': ['TwO.Example.ORG. 3600 IN A 10.0.0.2', 'TwO.Example.ORG. 3600 IN A 10.0.0.22'],
        'two.example.org. AAAA': ['two.example.org. 3600 IN AAAA 2001:db8::2'],
        'three.example.org. AAAA': ['three.example.org. 3600 IN AAAA fe80::3'],
        'four.example.org. A': ['four.example.org. 3600 IN A 10.0.0.4'],
        'seven.example.org. A': ['seven.example.org. 3600 IN A 10.0.0.7'],
        'crlf.example.org. A': ['crlf.example.org. 3600 IN A 10.0.0.13'],
        // NODATA without a SOA.
        'one.example.org. AAAA': [],
        'one.example.org. TXT': [],
        'two.example.org. HTTPS': [],
        'three.example.org. ANY': [],
        // Nothing is known, and nothing can be denied.
        'none.example.org. A': ['SERVFAIL'],
        'five.example.org. A': ['SERVFAIL'],
        'none.example.org. MX': ['SERVFAIL'],
        'two. A': ['SERVFAIL'],
        '. A': ['SERVFAIL'],
        'x. A': ['SERVFAIL'],
      },
    },
    {
      ask: {
        'a.wild.example.org. A': ['a.wild.example.org. 3600 IN A 10.0.0.8'],
        '*.wild.example.org. A': ['*.wild.example.org. 3600 IN A 10.0.0.8'],
        'known.wild.example.org. A': ['known.wild.example.org. 3600 IN A 10.0.0.9'],
        'a.wild.example.org. AAAA': [],
        'a.b.wild.example.org. A': ['SERVFAIL'],
        'wild.example.org. A': ['SERVFAIL'],
        'any.org. A': ['any.org. 3600 IN A 10.0.0.10'],
        '*. A': ['SERVFAIL'],
      },
    },
    // Reverse.
    {
      body: '  ttl 7',
      ask: {
        '1.0.0.10.in-addr.arpa. PTR': [
          '1.0.0.10.in-addr.arpa. 7 IN PTR one.example.org.',
          '1.0.0.10.in-addr.arpa. 7 IN PTR one.',
        ],
        '22.0.0.10.in-addr.arpa. PTR': ['22.0.0.10.in-addr.arpa. 7 IN PTR two.example.org.'],
        '2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa. PTR': [
          '2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa. 7 IN PTR two.example.org.',
        ],
        '4.0.0.0.0.a.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. PTR': ['next'],
        '4.0.0.0.0.0.a.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. PTR': [
          '4.0.0.0.0.0.a.0.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. 7 IN PTR four.example.org.',
        ],
        // Wildcards have none; and what isn't known always goes on.
        '8.0.0.10.in-addr.arpa. PTR': ['next'],
        '99.0.0.10.in-addr.arpa. PTR': ['next'],
        '0.0.10.in-addr.arpa. PTR': ['next'],
        'one.example.org. PTR': ['next'],
        '1.0.0.10.in-addr.arpa. A': ['SERVFAIL'],
      },
    },
    { body: '  no_reverse', ask: { '1.0.0.10.in-addr.arpa. PTR': ['next'], 'one. AAAA': [] } },
    // Zones: others go on, and their names aren't told. PTR needs no reverse zone.
    {
      key: 'net',
      ask: {
        'elsewhere.net. A': ['elsewhere.net. 3600 IN A 10.0.0.11'],
        'none.net. A': ['SERVFAIL'],
        'one.example.org. A': ['next'],
        '11.0.0.10.in-addr.arpa. PTR': ['11.0.0.10.in-addr.arpa. 3600 IN PTR elsewhere.net.'],
        '1.0.0.10.in-addr.arpa. PTR': ['next'],
      },
    },
    // Fall through.
    {
      body: '  fallthrough',
      ask: {
        'none.example.org. A': ['next'],
        'none.example.org. TXT': ['next'],
        'one.example.org. A': ['one.example.org. 3600 IN A 10.0.0.1'],
        'one.example.org. AAAA': [],
        'one.example.org. TXT': [],
      },
    },
    {
      body: '  fallthrough net',
      ask: { 'none.net. A': ['next'], 'net. SOA': ['next'], 'none.example.org. A': ['SERVFAIL'] },
    },
    {
      body: '  fallthrough org\n  fallthrough_unsupported',
      ask: {
        'one.example.org. TXT': ['next'],
        'one.example.org. AAAA': [],
        'one.example.org. A': ['one.example.org. 3600 IN A 10.0.0.1'],
        'elsewhere.net. TXT': [],
      },
    },
    // Lines of the Corefile come after those of the file, and count by themselves where there are wildcards.
    {
      body: '  10.1.0.1 one.example.org new.example.org\n  10.1.0.2 *.example.org\n  10.0.0.1 one.example.org',
      ask: {
        'one.example.org. A': ['one.example.org. 3600 IN A 10.0.0.1', 'one.example.org. 3600 IN A 10.1.0.1'],
        'new.example.org. A': ['new.example.org. 3600 IN A 10.1.0.1'],
        'two.example.org. A': [
          'two.example.org. 3600 IN A 10.0.0.2',
          'two.example.org. 3600 IN A 10.0.0.22',
          'two.example.org. 3600 IN A 10.1.0.2',
        ],
        '1.0.0.10.in-addr.arpa. PTR': [
          '1.0.0.10.in-addr.arpa. 3600 IN PTR one.example.org.',
          '1.0.0.10.in-addr.arpa. 3600 IN PTR one.',
        ],
      },
    },
  ]
  for (const { body = '', key, ask } of cases) {
    suite(`${key ?? '.'} ${JSON.stringify(body)}`, async () => {
      const begun = begin(`hosts "${file}" {\n${body}\n}`, key)
      for (const [question, answers] of Object.entries(ask)) {
        test(question, async () => assert.deepEqual(await answerOf((await begun).handler, question), answers))
      }
    })
  }
})

/** Asks until it is answered so: how long a change takes is the file system's business. */
async function until(handler: Handler, question: string, answers: readonly string[]): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const got = await answerOf(handler, question)
    if (JSON.stringify(got) === JSON.stringify(answers)) return
    if (Date.now() > deadline) assert.deepEqual(got, answers)
    await sleep(5)
  }
}

suite('the file', () => {
  test('may come, change, go and come again', async () => {
    const file = join(folder, 'changing')
    const { handler, lines } = await begin(`hosts "${file}" {\n  10.1.0.1 inline.org\n  reload 10ms\n}`)
    assert.deepEqual(lines, [`[WARNING] plugin/hosts: File does not exist: ${file}`])
    assert.deepEqual(await answerOf(handler, 'inline.org. A'), ['inline.org. 3600 IN A 10.1.0.1'])
    assert.deepEqual(await answerOf(handler, 'a.org. A'), ['SERVFAIL'])
    writeFileSync(file, '10.0.0.1 a.org\n')
    await until(handler, 'a.org. A', ['a.org. 3600 IN A 10.0.0.1'])
    writeFileSync(file, '10.0.0.12 a.org\n')
    await until(handler, 'a.org. A', ['a.org. 3600 IN A 10.0.0.12'])
    // Of the same size: the time tells.
    writeFileSync(file, '10.0.0.13 a.org\n')
    utimesSync(file, 1000, 2000.5)
    await until(handler, 'a.org. A', ['a.org. 3600 IN A 10.0.0.13'])
    assert.equal(collected('coredns_hosts_entries', file), 4)
    assert.equal(collected('coredns_hosts_reload_timestamp_seconds'), 2000.5)
    // What is gone is still told.
    rmSync(file)
    while (lines.at(-1) !== lines[0]) await sleep(5)
    assert.deepEqual(await answerOf(handler, 'a.org. A'), ['a.org. 3600 IN A 10.0.0.13'])
    writeFileSync(file, '10.0.0.2 b.org *.c.org\n10.0.0.3 d.org\n')
    await until(handler, 'b.org. A', ['b.org. 3600 IN A 10.0.0.2'])
    assert.deepEqual(await answerOf(handler, 'a.org. A'), ['SERVFAIL'])
    assert.equal(lines.filter((line) => line.startsWith('[WARNING]')).length, 2)
    assert.equal(lines.at(-1), '[DEBUG] plugin/hosts: Parsed hosts file into 5 entries')
  })

  test('of hundreds of thousands of lines is read without holding up anything', async () => {
    const file = join(folder, 'long')
    const names = Array.from({ length: 200_000 }, (_, i) => `0.0.0.0 n${i}.blocked.example\n`)
    writeFileSync(file, names.join(''))
    const { handler } = await begin(`hosts "${file}" {\n  reload 0\n}`)
    assert.deepEqual(await answerOf(handler, 'n199999.blocked.example. A'), [
      'n199999.blocked.example. 3600 IN A 0.0.0.0',
    ])
    assert.deepEqual(await answerOf(handler, 'n200000.blocked.example. A'), ['SERVFAIL'])
  })

  test('is read once for all blocks, and again when a block begins', async () => {
    const file = join(folder, 'shared')
    writeFileSync(file, '10.0.0.1 a.org\n')
    const shares = new Map<string, unknown>()
    const share = <T>(key: string, make: (signal: AbortSignal) => T): T => {
      if (!shares.has(key)) shares.set(key, make(end.signal))
      return shares.get(key) as T
    }
    const first = configOf(hosts, `hosts "${file}" {\n  reload 0\n}`, 'org')
    const second = configOf(hosts, `hosts "${file}" net {\n  reload 0\n  no_reverse\n}`)
    const feeds = []
    for (const config of [first, second]) {
      feeds.push((await hosts.background?.(config, mainContext(end.signal, { share })))?.feed)
    }
    assert.equal(shares.size, 1)
    assert.equal(feeds[0]?.key, feeds[1]?.key)
    // As after a reload of the Corefile.
    writeFileSync(file, '10.0.0.123 a.org\n')
    const { feed } = (await hosts.background?.(first, mainContext(end.signal, { share }))) ?? {}
    const { port1, port2 } = new MessageChannel()
    feed?.open(port1)
    const handler = hosts.handler?.(first, workerContext({ feed: (build) => build(port2) }))
    assert(handler !== undefined)
    assert.deepEqual(await answerOf(handler, 'a.org. A'), ['a.org. 3600 IN A 10.0.0.123'])
    port1.close()
  })

  test('that is a folder has no lines', async () => {
    const { handler, lines } = await begin(`hosts "${folder}" {\n  reload 0\n}`)
    assert.deepEqual(lines, [`[WARNING] plugin/hosts: Hosts file "${folder}" is a directory`])
    assert.deepEqual(await answerOf(handler, 'a.org. A'), ['SERVFAIL'])
  })

  test('that nobody could ever look at is a mistake', async () => {
    const file = join(folder, 'plain')
    writeFileSync(file, '')
    await assert.rejects(begin(`hosts "${file}/x"`), {
      name: 'CorefileError',
      message: `plugin/hosts: Corefile:2 - Error during parsing: unable to access hosts file '${file}/x': ENOTDIR: not a directory, stat '${file}/x'`,
    })
  })

  test('is the system’s own where none is named', async () => {
    const { handler } = await begin('hosts')
    assert.deepEqual(await answerOf(handler, 'localhost. TXT'), [])
  })
})

/** The number of a metric with these label values. */
function collected(name: string, ...values: readonly string[]): number | undefined {
  const metric = collectMetrics().find(({ definition }) => definition.name === name)
  return metric?.series.find((series) => JSON.stringify(series.values) === JSON.stringify(values))?.cells[0]
}
