import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseType, printRcode, printType } from '../../../src/dns/codes.ts'
import { lowerName, parseName, printName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { type Reply, reply, silence } from '../../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import { logTo } from '../../../src/log.ts'
import type { Maybe } from '../../../src/maybe.ts'
import { walkSearchPath } from '../../../src/plugins/autopath/search-walk.ts'
import { queryOf } from '../../context.ts'
import { samplesOf } from '../../samples.ts'

const path = ['shop.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.', 'corp.example.', '.'].map((text) =>
  parseName(text),
)
const soa = (zone: string) => parseRecord(`${zone} 60 IN SOA ns.${zone} h.${zone} 1 60 60 60 60`)

/** What is said of `NAME TYPE`; NXDOMAIN of everything else. */
type World = Readonly<Record<string, string>>

/** Records; or an rcode, `nodata`, `silence`, `fresh` (NXDOMAIN from the watch), `throw`. */
function say(word: string, query: Query): Maybe<Reply> {
  const authority = [soa('example.')]
  switch (word) {
    case 'throw':
      throw new Error('unreachable')
    case 'reject':
      return Promise.reject(new Error('unreachable'))
    case 'silence':
      return silence
    case 'nodata':
      return reply({ authority })
    case 'fresh':
      return reply({ rcode: 3, authority: [soa('cluster.local.')], fresh: true, authoritative: true })
    case 'NXDOMAIN':
      return reply({ rcode: 3, authority })
    case 'SERVFAIL':
      return reply({ rcode: 2 })
    case 'REFUSED':
      return reply({ rcode: 5 })
    default:
      return reply({
        authenticData: true,
        answer: word.split('; ').map((record) => {
          const { owner, ...rest } = parseRecord(record)
          return { ...rest, owner: lowerName(owner) === query.name ? query.asked : owner }
        }),
      })
  }
}

async function walk(ask: string, world: World): Promise<{ told: string[]; asked: string[] }> {
  const asked: string[] = []
  const next = (query: Query): Maybe<Reply> => {
    const question = `${printName(query.name)} ${printType(query.type)}`
    asked.push(question)
    assert.equal(lowerName(query.asked), query.name)
    return say(world[question] ?? world[printName(query.name)] ?? 'NXDOMAIN', query)
  }
  try {
    const got = await walkSearchPath(
      queryOf(ask),
      path,
      next,
      logTo(() => undefined),
    )
    if (got === silence) return { told: ['silence'], asked }
    return { told: [printRcode(got.rcode), ...got.answer.flatMap(printRecords)], asked }
  } catch (error) {
    return { told: [(error as Error).message], asked }
  }
}

const own = 'www.example.com.shop.svc.cluster.local.'
const bare = 'www.example.com.'
const address = `${bare} 300 IN A 192.0.2.1`

suite('the name that is found', () => {
  for (const [title, ask, world, told, count] of [
    ['the own one', `${own} A`, { [`${own} A`]: `${own} 5 IN A 10.0.0.1` }, [`${own} 5 IN A 10.0.0.1`], 1],
    ['the last', `${own} A`, { [`${bare} A`]: address }, [`${own} 300 IN CNAME ${bare}`, address], 9],
    [
      'in between',
      'api.prod.shop.svc.cluster.local. A',
      { 'api.prod.svc.cluster.local. A': 'api.prod.svc.cluster.local. 5 IN A 10.0.0.2' },
      [
        'api.prod.shop.svc.cluster.local. 5 IN CNAME api.prod.svc.cluster.local.',
        'api.prod.svc.cluster.local. 5 IN A 10.0.0.2',
      ],
      3,
    ],
    [
      'with an alias of its own',
      `${own} A`,
      { [`${bare} A`]: `${bare} 7 IN CNAME x.example.net.; x.example.net. 9 IN A 192.0.2.9` },
      [`${own} 7 IN CNAME ${bare}`, `${bare} 7 IN CNAME x.example.net.`, 'x.example.net. 9 IN A 192.0.2.9'],
      9,
    ],
    [
      'in the case it was asked for',
      'wWw.Example.com.SHOP.svc.cluster.local. A',
      { [`${bare} A`]: address },
      ['wWw.Example.com.SHOP.svc.cluster.local. 300 IN CNAME wWw.Example.com.', 'wWw.Example.com. 300 IN A 192.0.2.1'],
      9,
    ],
    // What is straight from the watch is said of the name: nobody is asked for the other type.
    [
      'after names that are surely not there',
      `${own} A`,
      {
        [own]: 'fresh',
        'www.example.com.svc.cluster.local.': 'fresh',
        'www.example.com.cluster.local.': 'fresh',
        [`${bare} A`]: address,
      },
      [`${own} 300 IN CNAME ${bare}`, address],
      6,
    ],
    ['one without such records', `${own} MX`, { [`${bare} MX`]: 'nodata' }, [], 5],
  ] as const) {
    test(title, async () => {
      const got = await walk(ask, world as World)
      assert.deepEqual(got.told, ['NOERROR', ...told])
      assert.equal(got.asked.length, count, got.asked.join('\n'))
    })
  }
})

suite('both types end at the same name', () => {
  const next = 'www.example.com.svc.cluster.local.'
  const later = { [`${bare} A`]: address, [`${bare} AAAA`]: `${bare} 300 IN AAAA 2001:db8::1` }
  for (const [of4, of6, for4, for6] of [
    // What A and AAAA of the second name say, and what is then said to the client.
    [`${next} 5 IN A 10.0.0.1`, 'NXDOMAIN', 'second', 'NOERROR'],
    [`${next} 5 IN A 10.0.0.1`, 'nodata', 'second', 'NOERROR'],
    [`${next} 5 IN A 10.0.0.1`, 'SERVFAIL', 'second', 'SERVFAIL'],
    [`${next} 5 IN A 10.0.0.1`, 'throw', 'second', 'unreachable'],
    [`${next} 5 IN A 10.0.0.1`, 'reject', 'second', 'unreachable'],
    ['nodata', 'NXDOMAIN', 'last', 'last'],
    ['nodata', 'SERVFAIL', 'NOERROR', 'SERVFAIL'],
    ['nodata', 'nodata', 'NOERROR', 'NOERROR'],
    ['NXDOMAIN', 'NXDOMAIN', 'last', 'last'],
    ['NXDOMAIN', 'SERVFAIL', 'last', 'last'],
    ['throw', 'NXDOMAIN', 'last', 'last'],
    ['SERVFAIL', 'SERVFAIL', 'SERVFAIL', 'SERVFAIL'],
    ['SERVFAIL', 'throw', 'SERVFAIL', 'unreachable'],
    ['REFUSED', 'REFUSED', 'REFUSED', 'REFUSED'],
    ['silence', 'silence', 'silence', 'silence'],
    ['fresh', 'fresh', 'last', 'last'],
  ] as const) {
    test(`A ${of4}, AAAA ${of6}`, async () => {
      const world: World = { ...later, [`${next} A`]: of4, [`${next} AAAA`]: of6 }
      const summary = async (type: string): Promise<string> => {
        const { told } = await walk(`${own} ${type}`, world)
        const alias = told[1]?.split(' ').at(-1)
        return alias === next ? 'second' : alias === bare ? 'last' : (told[0] ?? '')
      }
      assert.deepEqual([await summary('A'), await summary('AAAA')], [for4, for6])
    })
  }
})

test('where no name is there, what was said of the first is told', async () => {
  const world: World = { [own]: 'NXDOMAIN' }
  assert.deepEqual((await walk(`${own} A`, world)).told, ['NXDOMAIN'])
  // Of one type that is not known; that the name is not there is, by the other.
  assert.deepEqual((await walk(`${own} A`, { ...world, [`${own} A`]: 'SERVFAIL' })).told, ['NXDOMAIN'])
  assert.deepEqual((await walk(`${own} MX`, world)).told, ['NXDOMAIN'])
  assert.deepEqual((await walk(`${own} MX`, { [own]: 'SERVFAIL' })).told, ['SERVFAIL'])
})

test('names that would be too long are no names', async () => {
  const stem = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(45)}.`
  const long = parseName('corp-with-a-long-name.example.')
  const asked: string[] = []
  const query = queryOf(`${stem}x. A`)
  const next = (one: Query) => {
    asked.push(printName(one.name))
    return reply({ rcode: 3, fresh: true })
  }
  const got = await walkSearchPath(
    query,
    [parseName('x.'), long, parseName('.')],
    next,
    logTo(() => undefined),
  )
  assert.equal(got.rcode, 3)
  assert.deepEqual(asked, [`${stem}x.`, stem])
})

test('success is counted, and an alias that nobody signed is not authentic', async () => {
  const count = () => samplesOf('coredns_autopath_success_total')['server="dns://:53"'] ?? 0
  const before = count()
  const next = (query: Query) => say(query.name === parseName(bare) ? address : 'fresh', query)
  const got = await walkSearchPath(
    queryOf(`${own} A`),
    path,
    next,
    logTo(() => undefined),
  )
  assert.equal(got.authenticData, false)
  assert.equal(count(), before + 1)
  await walk(`${own} ${printType(parseType('MX') ?? 0)}`, {})
  assert.equal(count(), before + 1)
})
