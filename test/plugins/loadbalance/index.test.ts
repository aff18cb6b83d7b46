import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import { parseRcode, printType } from '../../../src/dns/codes.ts'
import { root } from '../../../src/dns/name.ts'
import { type Reply, reply, silence } from '../../../src/dns/reply.ts'
import { type Rrset, rrset } from '../../../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import type { Handler } from '../../../src/plugin.ts'
import { loadbalance } from '../../../src/plugins/loadbalance/index.ts'
import { configOf, isCorefileError, mainContext, queryOf, recordLog, workerContext } from '../../context.ts'

const folder = mkdtempSync(join(tmpdir(), 'loadbalance-'))
const end = new AbortController()
after(() => {
  end.abort()
  rmSync(folder, { recursive: true })
})

suite('stanzas', () => {
  const at = { plugin: 'loadbalance', file: 'Corefile', line: 2 }
  const weighted = (file: string, reload = 30_000) => ({ file, at, reload })
  const good: Readonly<Record<string, ReturnType<typeof configOf<unknown>>>> = {
    loadbalance: { weighted: undefined, prefer: [] },
    'loadbalance round_robin': { weighted: undefined, prefer: [] },
    'loadbalance {\n  prefer\n}': { weighted: undefined, prefer: [] },
    'loadbalance round_robin {\n  prefer 10.9.20.0/24 2001:db8::/32\n  prefer 10.0.0.1/8\n}': {
      weighted: undefined,
      prefer: ['10.9.20.0/24', '2001:db8::/32', '10.0.0.1/8'],
    },
    'loadbalance weighted file': { weighted: weighted('file'), prefer: [] },
    'loadbalance weighted file {\n  reload 0s\n}': { weighted: weighted('file', 0), prefer: [] },
    // The last policy counts.
    'loadbalance weighted file\nloadbalance {\n  prefer 10.0.0.0/8\n}': { weighted: undefined, prefer: ['10.0.0.0/8'] },
    'loadbalance weighted a\nloadbalance weighted b': {
      weighted: { ...weighted('b'), at: { ...at, line: 3 } },
      prefer: [],
    },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(loadbalance, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'loadbalance fastest': '2 - Error during parsing: unknown policy: fastest',
    'loadbalance round_robin x': '2 - Error during parsing: unknown property for round_robin',
    'loadbalance {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
    'loadbalance {\n  reload 1s\n}': "3 - Error during parsing: unknown property 'reload'",
    'loadbalance {\n  prefer 10.0.0.0\n}':
      '3 - Error during parsing: invalid CIDR "10.0.0.0": invalid CIDR address: 10.0.0.0',
    'loadbalance weighted': '2 - Error during parsing: missing weight file argument',
    'loadbalance weighted a b': '2 - Error during parsing: unexpected argument(s)',
    'loadbalance weighted a {\n  prefer 10.0.0.0/8\n}': "3 - Error during parsing: unknown property 'prefer'",
    'loadbalance weighted a {\n  reload\n}': '3 - Error during parsing: reload duration value is missing',
    'loadbalance weighted a {\n  reload 1s 2s\n}': '3 - Error during parsing: unexpected argument',
    'loadbalance weighted a {\n  reload 5\n}': "3 - Error during parsing: invalid reload duration '5'",
    'loadbalance weighted a {\n  reload -5s\n}': "3 - Error during parsing: invalid reload duration '-5s'",
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(loadbalance, stanza), isCorefileError(`plugin/loadbalance: Corefile:${message}`)),
    )
  }
})

const records = (...lines: readonly string[]): Rrset[] => lines.map((line) => parseRecord(line))
/** One rrset of these addresses. */
function addresses(owner: string, type: 'A' | 'AAAA', ...texts: readonly string[]): Rrset {
  const all = records(...texts.map((text) => `${owner} 30 ${type} ${text}`))
  const [first] = all
  assert(first !== undefined)
  return rrset(
    first.owner,
    first.type,
    30,
    all.flatMap(({ rdatas }) => rdatas),
  )
}
const lines = (section: readonly Rrset[]) => section.flatMap(printRecords)
const lastWord = (line: string | undefined) => line?.split(' ').at(-1)

function handlerOf(stanza: string): Handler {
  const handler = loadbalance.handler?.(configOf(loadbalance, stanza), workerContext())
  assert(handler !== undefined)
  return handler
}

/** How often each of the results came of so many calls. */
async function countOf(calls: number, result: () => Promise<string>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (let i = 0; i < calls; i++) {
    const key = await result()
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

suite('round_robin', () => {
  const handler = handlerOf('loadbalance')
  const orderOf = async (section: keyof Reply & ('answer' | 'authority' | 'additional'), value: readonly Rrset[]) => {
    const got = await handler(queryOf('a.example. A'), () => reply({ [section]: value }))
    return lines(got[section]).map(lastWord).join(' ')
  }

  for (const section of ['answer', 'authority', 'additional'] as const) {
    test(`every order of the ${section} section is equally likely`, async () => {
      const value = [addresses('a.example.', 'A', '192.0.2.1', '192.0.2.2', '192.0.2.3')]
      const counts = await countOf(6000, () => orderOf(section, value))
      assert.equal(Object.keys(counts).length, 6)
      // A thousand each, with a standard deviation of 29.
      for (const count of Object.values(counts)) assert(count > 800 && count < 1200, JSON.stringify(counts))
    })
  }
  test('so is that of mail exchanges', async () => {
    const [one, two] = records('a.example. 30 MX 10 a.', 'a.example. 30 MX 10 b.')
    const counts = await countOf(1000, () => orderOf('answer', [one as Rrset, two as Rrset]))
    assert.deepEqual(Object.keys(counts).sort(), ['a. b.', 'b. a.'])
  })
  test('of addresses of both families and several names too', async () => {
    const value = [
      addresses('a.example.', 'A', '192.0.2.1'),
      addresses('b.example.', 'A', '192.0.2.2'),
      addresses('b.example.', 'AAAA', '2001:db8::1'),
    ]
    const counts = await countOf(1000, () => orderOf('additional', value))
    assert.equal(Object.keys(counts).length, 6)
  })
  test('nothing gets lost or changes, aliases come first, then others, addresses, mail exchanges', async () => {
    const section = records(
      'a.example. 30 MX 10 mail.example.',
      'b.example. 30 A 192.0.2.1',
      'c.example. 30 TXT x',
      'b.example. 30 A 192.0.2.2',
      'a.example. 30 CNAME b.example.',
      'b.example. 30 AAAA 2001:db8::1',
    )
    for (let i = 0; i < 20; i++) {
      const got = await handler(queryOf('a.example. ANY'), () => reply({ answer: section }))
      const types = got.answer.map(({ type }) => printType(type))
      assert.deepEqual([types.slice(0, 2), types.at(-1)], [['CNAME', 'TXT'], 'MX'])
      assert.deepEqual(lines(got.answer).sort(), lines(section).sort())
    }
  })
  test('any section keeps its records', async () => {
    const type = fc.constantFrom(1, 5, 15, 28, 16)
    const set = fc
      .tuple(type, fc.uniqueArray(fc.string({ minLength: 4, maxLength: 4 }), { minLength: 1 }))
      .map(([one, rdatas]) => rrset(root, one, 5, rdatas as never))
    const bag = (section: readonly Rrset[]) =>
      section.flatMap((one) => one.rdatas.map((rdata) => `${one.type} ${rdata}`))
    await fc.assert(
      fc.asyncProperty(fc.array(set), async (section) => {
        const got = await handler(queryOf('. A'), async () => reply({ answer: section }))
        assert.deepEqual(bag(got.answer).sort(), bag(section).sort())
      }),
    )
  })

  const many = [addresses('a.example.', 'A', ...Array.from({ length: 50 }, (_, i) => `192.0.2.${i}`))]
  const untouched: Readonly<Record<string, readonly [string, Reply]>> = {
    'one address': ['a.example. A', reply({ answer: [addresses('a.example.', 'A', '192.0.2.1')] })],
    'other types': ['a.example. SRV', reply({ answer: records('a.example. 30 SRV 0 0 80 b.example.') })],
    'no records': ['a.example. A', reply({ rcode: parseRcode('NXDOMAIN') ?? 3 })],
    'what is no success': ['a.example. A', reply({ rcode: 3, answer: many })],
    'a transfer': ['a.example. AXFR', reply({ answer: many })],
    'an increment': ['a.example. IXFR', reply({ answer: many })],
    silence: ['a.example. A', silence],
  }
  for (const [title, [question, value]] of Object.entries(untouched)) {
    test(`${title}: as it is`, async () => assert.equal(await handler(queryOf(question), () => value), value))
  }
  test('what else a reply says stays', async () => {
    const value = reply({ answer: many, fresh: true, authoritative: true, plugin: 'kubernetes' })
    const got = await handler(queryOf('a.example. A'), () => value)
    assert.notDeepEqual(got.answer, value.answer)
    assert.deepEqual({ ...got, answer: [] }, { ...value, answer: [] })
  })
})

suite('prefer', () => {
  const handler = handlerOf('loadbalance {\n  prefer 10.9.20.0/24 192.168.0.0/16\n  prefer 2001:db8::/32\n}')
  test('the first network that has an address counts, those of none are last', async () => {
    const value = [
      addresses('a.example.', 'A', '192.0.2.1', '192.168.1.1', '10.9.20.1', '192.0.2.2', '192.168.1.2', '10.9.20.2'),
    ]
    const network = (word: string | undefined) => word?.split('.')[0]
    const orders = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const got = await handler(queryOf('a.example. A'), () => reply({ answer: value }))
      const words = lines(got.answer).map(lastWord)
      assert.deepEqual(words.map(network), ['10', '10', '192', '192', '192', '192'])
      assert.deepEqual(words.slice(2, 4).sort(), ['192.168.1.1', '192.168.1.2'])
      orders.add(words.join())
    }
    // Equals take turns: 2 x 2 x 2.
    assert.equal(orders.size, 8)
  })
  test('names and families too, mail exchanges and others after addresses', async () => {
    const value = [
      ...records('a.example. 30 TXT x', 'a.example. 30 MX 10 b.example.'),
      addresses('a.example.', 'A', '192.0.2.1'),
      addresses('b.example.', 'AAAA', '2001:db8::1', '2001:db9::1'),
      ...records('a.example. 30 CNAME b.example.'),
    ]
    const got = await handler(queryOf('a.example. ANY'), () => reply({ additional: value }))
    assert.deepEqual(lines(got.additional).map(lastWord), [
      ...['b.example.', '2001:db8::1', '2001:db9::1', '192.0.2.1', 'b.example.', '"x"'],
    ])
  })
  test('what is no success stays as it is', async () => {
    const value = reply({ rcode: 3, answer: [addresses('a.example.', 'A', '192.0.2.1', '10.9.20.1')] })
    assert.equal(await handler(queryOf('a.example. A'), () => value), value)
  })
})

let files = 0
/** A new weight file. */
function fileOf(text: string): string {
  const path = join(folder, `weights-${files++}`)
  writeFileSync(path, text)
  return path
}

/** Begins the background work, with the handler of one worker. */
async function begin(stanza: string): Promise<{ handler: Handler; lines: string[] }> {
  const config = configOf(loadbalance, stanza)
  const { log, lines: logged } = recordLog()
  const background = await loadbalance.background?.(config, mainContext(end.signal, { log: log.plugin('loadbalance') }))
  const { port1, port2 } = new MessageChannel()
  background?.feed?.open(port1)
  end.signal.addEventListener('abort', () => port1.close())
  const handler = loadbalance.handler?.(config, workerContext({ feed: (build) => build(port2) }))
  assert(handler !== undefined)
  return { handler, lines: logged }
}

suite('weighted', () => {
  const value = [addresses('WWW.example.org.', 'A', '100.64.1.1', '100.64.1.2', '100.64.1.3')]
  const topOf = async (handler: Handler, section: readonly Rrset[] = value, question = 'www.example.org. A') => {
    const got = await handler(queryOf(question), () => reply({ answer: section }))
    return lastWord(lines(got.answer)[0]) ?? ''
  }

  test('an address is first as often as its weight says', async () => {
    const path = fileOf('# comment\nwww.example.org\n  100.64.1.1 3\n100.64.1.2\t1\n\n100.64.1.3 2\n100.64.1.3 200\n')
    const { handler, lines: logged } = await begin(`loadbalance weighted ${path}`)
    assert.deepEqual(logged, [`[INFO] plugin/loadbalance: Successfully reloaded weight file ${path}`])
    const counts = await countOf(6000, () => topOf(handler))
    // 3000, 1000, 2000, with standard deviations under 40.
    assert(Math.abs((counts['100.64.1.1'] ?? 0) - 3000) < 300, JSON.stringify(counts))
    assert(Math.abs((counts['100.64.1.2'] ?? 0) - 1000) < 300, JSON.stringify(counts))
  })
  test('without a weight it is 1', async () => {
    const path = fileOf('www.example.org.\n100.64.1.2 255')
    const { handler } = await begin(`loadbalance weighted ${path}`)
    const counts = await countOf(5000, () => topOf(handler))
    assert.equal(Object.keys(counts).length, 3)
    assert((counts['100.64.1.2'] ?? 0) > 4800, JSON.stringify(counts))
  })
  test('over several names and both families', async () => {
    const path = fileOf('a.example\n2001:db8::1 255\nb.example\n192.0.2.2 255\n')
    const { handler } = await begin(`loadbalance weighted ${path}`)
    const section = [
      ...records('q.example. 30 TXT x', 'q.example. 30 MX 10 a.example.', 'q.example. 30 CNAME a.example.'),
      addresses('c.example.', 'A', '192.0.2.3'),
      addresses('a.example.', 'AAAA', '2001:db8::2', '2001:db8::1'),
      addresses('b.example.', 'A', '192.0.2.2'),
    ]
    const counts = await countOf(1000, async () => {
      const got = await handler(queryOf('q.example. SRV'), () => reply({ answer: section, additional: section }))
      assert.deepEqual(lines(got.answer).toSorted(), lines(section).toSorted())
      assert.deepEqual(
        got.answer.map(({ type }) => printType(type)).filter((type) => !type.startsWith('A')),
        ['CNAME', 'TXT', 'MX'],
      )
      return lastWord(lines(got.additional)[2]) ?? ''
    })
    assert((counts['192.0.2.2'] ?? 0) > 350 && (counts['2001:db8::1'] ?? 0) > 350, JSON.stringify(counts))
  })
  test('other types, other sections and failures stay as they are', async () => {
    const { handler } = await begin(`loadbalance weighted ${fileOf('')}`)
    for (const [question, given] of [
      ['www.example.org. MX', reply({ answer: value })],
      ['www.example.org. A', reply({ authority: value })],
      ['www.example.org. A', reply({ rcode: 3, answer: value })],
      ['www.example.org. A', silence],
    ] as const) {
      assert.equal(await handler(queryOf(question), () => given), given)
    }
  })

  test('a file that changes is read again; one that makes no sense changes nothing', async () => {
    const path = fileOf('www.example.org\n100.64.1.1 255\n')
    const { handler, lines: logged } = await begin(`loadbalance weighted ${path} {\n  reload 10ms\n}`)
    const settle = async (count: number) => {
      for (let tries = 0; logged.length < count && tries < 1000; tries++) await sleep(10)
    }
    // In one step: half a file would be read as one.
    const replace = (text: string) => renameSync(fileOf(text), path)
    replace('www.example.org\n100.64.1.1\n')
    await settle(2)
    const before = await countOf(500, () => topOf(handler))
    assert((before['100.64.1.1'] ?? 0) > 400, JSON.stringify(before))
    replace('www.example.org\n100.64.1.3 255\n')
    await settle(3)
    const done = `[INFO] plugin/loadbalance: Successfully reloaded weight file ${path}`
    assert.deepEqual(logged, [
      done,
      `[ERROR] plugin/loadbalance: wrong domain name:"100.64.1.1" in weight file ${path}. (Maybe a missing weight value?)`,
      done,
    ])
    // The worker hears of it after us.
    let top = ''
    for (let tries = 0; top !== '100.64.1.3 100.64.1.3 100.64.1.3' && tries < 1000; tries++) {
      await sleep(1)
      top = [await topOf(handler), await topOf(handler), await topOf(handler)].join(' ')
    }
    assert.equal(top, '100.64.1.3 100.64.1.3 100.64.1.3')
  })

  test('a file that is not there may come', async () => {
    const path = join(folder, 'later')
    const { handler, lines: logged } = await begin(`loadbalance weighted ${path} {\n  reload 1m\n}`)
    assert.deepEqual(logged, [
      '[WARNING] plugin/loadbalance: Failed to open weight file:weight file open error. Will try again in 1m0s',
    ])
    assert.notEqual(await topOf(handler), '')
  })
  test('but not if nobody looks for it', async () => {
    await assert.rejects(
      begin(`loadbalance weighted ${join(folder, 'never')} {\n  reload 0\n}`),
      isCorefileError('plugin/loadbalance: Corefile:2 - Error during parsing: weight file open error'),
    )
  })
  const bad: Readonly<Record<string, string>> = {
    'w1.example\n192.168.1.14': 'wrong domain name:"192.168.1.14" in weight file FILE. (Maybe a missing weight value?)',
    'w1..example': 'wrong domain name:"w1..example" in weight file FILE. (Maybe a missing weight value?)',
    '# none\n192.168.1.14 20': 'missing domain name in weight file FILE',
    'w1.example\n192.168.1.300 20': 'wrong IP address:"192.168.1.300" in weight file FILE',
    'w1.example\n192.168.1.14 256': 'wrong weight value:"256" in weight file FILE',
    'w1.example\n192.168.1.14 0': 'wrong weight value:"0" in weight file FILE',
    'w1.example\n192.168.1.14 +1': 'wrong weight value:"+1" in weight file FILE',
    'w1.example\n192.168.1.14 1 2': 'could not parse weight line:"192.168.1.14 1 2" in weight file FILE',
  }
  for (const [text, message] of Object.entries(bad)) {
    test(JSON.stringify(text), async () => {
      const path = fileOf(text)
      await assert.rejects(
        begin(`loadbalance weighted ${path}`),
        isCorefileError(`plugin/loadbalance: Corefile:2 - Error during parsing: ${message.replace('FILE', path)}`),
      )
    })
  }
})
