import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Class, Rcode } from '../../../src/dns/codes.ts'
import type { Query } from '../../../src/dns/query.ts'
import { reply } from '../../../src/dns/reply.ts'
import { Entry, hashOf } from '../../../src/plugins/cache/entry.ts'
import { Store, type StoreOptions } from '../../../src/plugins/cache/store.ts'
import { queryOf } from '../../context.ts'

const k = queryOf('k. A')
const named = (name: string) => queryOf(`${name}. A`)

function storeOf(options: Partial<StoreOptions> = {}) {
  const time = { now: 1 }
  const store = new Store({
    capacity: { success: 4, denial: 4 },
    staleUpTo: 0,
    preferPositive: false,
    clock: () => time.now,
    ...options,
  })
  const at = (seconds: number) => {
    time.now = 1 + seconds * 1000
    return store.tick()
  }
  const entry = (lifetime: number, rcode: number = Rcode.NOERROR, lastGood?: Entry, query = k) =>
    new Entry(
      query,
      { reply: reply({ rcode }), lifetime, isAnswer: rcode === Rcode.NOERROR && lastGood === undefined, lastGood },
      store.tick(),
    )
  /** Keeps a reply to the question for the addresses of `name.` for five seconds. */
  const keepNamed = (name: string, size: number) =>
    store.keep('success', entry(5, Rcode.NOERROR, undefined, named(name)), size)
  return { store, at, entry, keepNamed }
}

suite('questions', () => {
  const base = queryOf('a.example. A')
  const kept = new Entry(base, { reply: reply({}), lifetime: 5, isAnswer: true, lastGood: undefined }, 1)
  const isSame = (query: Query) => hashOf(query) === hashOf(base) && kept.isFor(query)
  const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }
  const same: Readonly<Record<string, Partial<Query>>> = {
    'another ID': { id: 1 },
    'EDNS without DO': { edns },
    AD: { authenticData: true },
    'without RD': { recursionDesired: false },
  }
  for (const [title, fields] of Object.entries(same)) {
    test(`${title}: the same`, () => assert.equal(isSame(queryOf('a.example. A', fields)), true))
  }
  test('the case of the name: the same', () => assert.equal(isSame(queryOf('A.eXample. A')), true))
  const others: readonly Query[] = [
    queryOf('b.example. A'),
    queryOf('a.example. AAAA'),
    queryOf('a.example. A', { class: Class.CH }),
    queryOf('a.example. A', { checkingDisabled: true }),
    queryOf('a.example. A', { edns: { ...edns, dnssecOk: true } }),
    queryOf('a.example. A', { checkingDisabled: true, edns: { ...edns, dnssecOk: true } }),
  ]
  test('what may have another reply is another, and has another hash as good as always', () => {
    assert.deepEqual(
      others.filter((query) => kept.isFor(query)),
      [],
    )
    assert.equal(new Set([base, ...others].map(hashOf)).size, others.length + 1)
  })
  test('of those with one hash each gets its own reply, or none', () => {
    const { store } = storeOf()
    // As if they had: the hash is of this process, and nobody can tell beforehand whose are the same.
    const both = [named('a'), named('b')] as const
    const [first, second] = both.map((query) => {
      const entry = new Entry(query, { reply: reply({}), lifetime: 5, isAnswer: true, lastGood: undefined }, 1)
      return Object.defineProperty(entry, 'hash', { value: hashOf(both[0]) })
    }) as [Entry, Entry]
    store.keep('success', first, 10)
    assert.equal(store.find(both[0])?.entry, first)
    store.keep('success', second, 10)
    assert.equal(store.find(both[0]), undefined)
    store.forget(both[0])
    store.inherit(both[0], second)
    assert.equal(store.lastGood(both[0]), undefined)
    assert.equal(store.size('success'), 1)
  })
})

suite('the end', () => {
  test('is exact', () => {
    const { store, at, entry } = storeOf()
    const one = entry(5)
    store.keep('success', one, 100)
    at(4.999)
    assert.equal(store.find(k)?.entry, one)
    at(5)
    assert.equal(store.find(k), undefined)
  })
  test('comes later for what may be stale', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10 })
    const one = entry(5)
    store.keep('denial', one, 100)
    at(14.999)
    assert.deepEqual(store.find(k), { part: 'denial', entry: one })
    at(15)
    assert.equal(store.find(k), undefined)
  })
  test('frees its place before anything that holds must go', () => {
    const { store, at, entry, keepNamed } = storeOf()
    store.keep('success', entry(100, Rcode.NOERROR, undefined, named('old')), 10)
    for (const name of ['b', 'c', 'd']) keepNamed(name, 10)
    at(6)
    assert.equal(keepNamed('new', 10), 0)
    assert.notEqual(store.find(named('old')), undefined)
    assert.equal(store.size('success'), 2)
  })
})

suite('room', () => {
  test('is for so many; who was not asked for longest goes', () => {
    const { store, keepNamed } = storeOf()
    for (const name of ['a', 'b', 'c', 'd']) keepNamed(name, 10)
    assert.notEqual(store.find(named('a')), undefined)
    assert.equal(keepNamed('e', 10), 1)
    assert.equal(store.find(named('b')), undefined)
    assert.notEqual(store.find(named('a')), undefined)
    assert.equal(store.size('success'), 4)
    assert.equal(store.size('denial'), 0)
  })
  test('is for so many octets', () => {
    const { store, keepNamed } = storeOf()
    for (const name of ['a', 'b', 'c']) keepNamed(name, 1024)
    assert.equal(keepNamed('d', 3000), 2)
    assert.equal(store.size('success'), 2)
    // What is larger than everything is not kept, and costs nobody their place.
    keepNamed('e', 5000)
    assert.equal(store.find(named('e')), undefined)
    assert.equal(store.size('success'), 2)
  })
})

suite('what is given', () => {
  test('a denial before an answer', () => {
    const { store, entry } = storeOf()
    store.keep('success', entry(5), 10)
    store.keep('denial', entry(5, Rcode.NXDOMAIN), 10)
    assert.equal(store.find(k)?.part, 'denial')
    store.forget(k, 'denial')
    assert.equal(store.find(k)?.part, 'success')
    store.forget(k)
    assert.equal(store.find(k), undefined)
  })
  test('an answer that holds before a failure', () => {
    const { store, at, entry } = storeOf()
    store.keep('success', entry(5), 10)
    store.keep('denial', entry(60, Rcode.SERVFAIL), 10)
    assert.equal(store.find(k)?.part, 'success')
    at(5)
    assert.equal(store.find(k)?.part, 'denial')
  })
  test('with preferPositive an answer before a denial, as long as it may be', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10, preferPositive: true })
    store.keep('success', entry(5), 10)
    store.keep('denial', entry(60, Rcode.NXDOMAIN), 10)
    at(14)
    assert.equal(store.find(k)?.part, 'success')
    at(15)
    assert.equal(store.find(k)?.part, 'denial')
  })
  test('with preferPositive the answer that the newer reply took the place of', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10, preferPositive: true })
    const good = entry(20)
    store.keep('success', entry(5, Rcode.NOERROR, good), 10)
    at(29)
    assert.equal(store.find(k)?.entry, good)
    assert.equal(store.lastGood(k), good)
    at(30)
    assert.equal(store.find(k), undefined)
  })
})
