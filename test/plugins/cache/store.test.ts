import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Class, Rcode } from '../../../src/dns/codes.ts'
import type { Query } from '../../../src/dns/query.ts'
import { reply } from '../../../src/dns/reply.ts'
import { Entry } from '../../../src/plugins/cache/entry.ts'
import { keyOf, Store, type StoreOptions } from '../../../src/plugins/cache/store.ts'
import { queryOf } from '../../context.ts'

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
  const entry = (lifetime: number, rcode: number = Rcode.NOERROR, lastGood?: Entry) =>
    new Entry(
      queryOf('a. A'),
      { reply: reply({ rcode }), lifetime, isAnswer: rcode === Rcode.NOERROR && lastGood === undefined, lastGood },
      store.tick(),
    )
  return { store, at, entry }
}

suite('keys', () => {
  const base = keyOf(queryOf('a.example. A'))
  const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }
  const same: Readonly<Record<string, Partial<Query>>> = {
    'another ID': { id: 1 },
    'EDNS without DO': { edns },
    AD: { authenticData: true },
    'without RD': { recursionDesired: false },
  }
  for (const [title, fields] of Object.entries(same)) {
    test(`${title}: the same`, () => assert.equal(keyOf(queryOf('a.example. A', fields)), base))
  }
  test('the case of the name: the same', () => assert.equal(keyOf(queryOf('A.eXample. A')), base))
  const others: readonly Query[] = [
    queryOf('b.example. A'),
    queryOf('a.example. AAAA'),
    queryOf('a.example. A', { class: Class.CH }),
    queryOf('a.example. A', { checkingDisabled: true }),
    queryOf('a.example. A', { edns: { ...edns, dnssecOk: true } }),
    queryOf('a.example. A', { checkingDisabled: true, edns: { ...edns, dnssecOk: true } }),
  ]
  test('what may have another reply has another key', () => {
    assert.equal(new Set([base, ...others.map(keyOf)]).size, others.length + 1)
  })
})

suite('the end', () => {
  test('is exact', () => {
    const { store, at, entry } = storeOf()
    const one = entry(5)
    store.keep('success', 'k', one, 100)
    at(4.999)
    assert.equal(store.find('k')?.entry, one)
    at(5)
    assert.equal(store.find('k'), undefined)
  })
  test('comes later for what may be stale', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10 })
    const one = entry(5)
    store.keep('denial', 'k', one, 100)
    at(14.999)
    assert.deepEqual(store.find('k'), { part: 'denial', entry: one })
    at(15)
    assert.equal(store.find('k'), undefined)
  })
  test('frees its place before anything that holds must go', () => {
    const { store, at, entry } = storeOf()
    store.keep('success', 'old', entry(100), 10)
    for (const key of ['b', 'c', 'd']) store.keep('success', key, entry(5), 10)
    at(6)
    assert.equal(store.keep('success', 'new', entry(5), 10), 0)
    assert.notEqual(store.find('old'), undefined)
    assert.equal(store.size('success'), 2)
  })
})

suite('room', () => {
  test('is for so many; who was not asked for longest goes', () => {
    const { store, entry } = storeOf()
    for (const key of ['a', 'b', 'c', 'd']) store.keep('success', key, entry(5), 10)
    assert.notEqual(store.find('a'), undefined)
    assert.equal(store.keep('success', 'e', entry(5), 10), 1)
    assert.equal(store.find('b'), undefined)
    assert.notEqual(store.find('a'), undefined)
    assert.equal(store.size('success'), 4)
    assert.equal(store.size('denial'), 0)
  })
  test('is for so many octets', () => {
    const { store, entry } = storeOf()
    for (const key of ['a', 'b', 'c']) store.keep('success', key, entry(5), 1024)
    assert.equal(store.keep('success', 'd', entry(5), 3000), 2)
    assert.equal(store.size('success'), 2)
    // What is larger than everything is not kept, and costs nobody their place.
    store.keep('success', 'e', entry(5), 5000)
    assert.equal(store.find('e'), undefined)
    assert.equal(store.size('success'), 2)
  })
})

suite('what is given', () => {
  test('a denial before an answer', () => {
    const { store, entry } = storeOf()
    store.keep('success', 'k', entry(5), 10)
    store.keep('denial', 'k', entry(5, Rcode.NXDOMAIN), 10)
    assert.equal(store.find('k')?.part, 'denial')
    store.forget('k', 'denial')
    assert.equal(store.find('k')?.part, 'success')
    store.forget('k')
    assert.equal(store.find('k'), undefined)
  })
  test('an answer that holds before a failure', () => {
    const { store, at, entry } = storeOf()
    store.keep('success', 'k', entry(5), 10)
    store.keep('denial', 'k', entry(60, Rcode.SERVFAIL), 10)
    assert.equal(store.find('k')?.part, 'success')
    at(5)
    assert.equal(store.find('k')?.part, 'denial')
  })
  test('with preferPositive an answer before a denial, as long as it may be', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10, preferPositive: true })
    store.keep('success', 'k', entry(5), 10)
    store.keep('denial', 'k', entry(60, Rcode.NXDOMAIN), 10)
    at(14)
    assert.equal(store.find('k')?.part, 'success')
    at(15)
    assert.equal(store.find('k')?.part, 'denial')
  })
  test('with preferPositive the answer that the newer reply took the place of', () => {
    const { store, at, entry } = storeOf({ staleUpTo: 10, preferPositive: true })
    const good = entry(20)
    store.keep('success', 'k', entry(5, Rcode.NOERROR, good), 10)
    at(29)
    assert.equal(store.find('k')?.entry, good)
    assert.equal(store.lastGood('k'), good)
    at(30)
    assert.equal(store.find('k'), undefined)
  })
})
