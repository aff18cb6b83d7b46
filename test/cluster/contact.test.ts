import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, SilenceError } from '../../src/cluster/api-request.ts'
import { Contacts } from '../../src/cluster/contact.ts'
import { Freshness } from '../../src/cluster/freshness.ts'
import { logTo } from '../../src/log.ts'
import { samplesOf } from '../samples.ts'
import { until } from './following.ts'

function opened(t: { after(end: () => void): void }) {
  const lines: string[] = []
  const end = new AbortController()
  t.after(() => end.abort())
  const freshness = new Freshness()
  const contacts = new Contacts(
    freshness,
    logTo((line) => lines.push(line.trimEnd())),
    end.signal,
  )
  return { contacts, freshness, lines, signal: end.signal }
}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

test('contact: one line for an outage however often and with whatever words it is found out, one for its end', async (t) => {
  const { contacts, lines } = opened(t)
  const all = ['services', 'namespaces', 'pods'] as const
  const each = all.map((kind) => contacts.open(kind, kind))
  for (const contact of each) contact.stands()
  for (let failures = 1; failures < 40; failures++) {
    for (const contact of each) contact.failed('watch', failures % 2 === 0 ? refused : reset, failures)
    if (failures % 10 === 5) await sleep(600)
  }
  await until('the line', () => lines.length > 0)
  for (const contact of each) contact.stands()
  await until('the other line', () => lines.length > 1)
  assert.equal(lines[0], '[ERROR] failed to watch namespaces, pods, services: read ECONNRESET')
  assert.match(lines[1] ?? '', /^\[INFO\] namespaces, pods, services are followed again, after \d+\.\d s$/)
  await sleep(700)
  assert.equal(lines.length, 2)
})

test('contact: nothing is said of what is over at the next attempt', async (t) => {
  const { contacts, lines } = opened(t)
  const contact = contacts.open('services', 'services')
  contact.stands()
  contact.failed('watch', reset, 1)
  contact.stands()
  await sleep(700)
  assert.deepEqual(lines, [])
})

test('contact: a problem of another sort is said, and what a server says of one kind not of others', async (t) => {
  const { contacts, lines } = opened(t)
  const services = contacts.open('services', 'services')
  const pods = contacts.open('pods', 'pods')
  services.failed('list', refused, 2)
  pods.failed('list', refused, 2)
  await until('a line', () => lines.length === 1)
  services.failed('list', new ApiError(403, { message: 'services is forbidden' }), 3)
  pods.failed('list', new ApiError(403, { message: 'pods is forbidden' }), 3)
  await until('lines', () => lines.length === 3)
  services.failed('list', refused, 4)
  pods.stands()
  await until('who is back, though not all are', () => lines.length === 4)
  assert.deepEqual(
    lines.map((line) => line.replace(/after .*/, 'after N s')),
    [
      '[ERROR] failed to list pods, services: connect ECONNREFUSED 127.0.0.1:1',
      '[ERROR] failed to list services: services is forbidden',
      '[ERROR] failed to list pods: pods is forbidden',
      '[INFO] pods are followed again, after N s',
    ],
  )
})

test('contact: the first that is back wakes the others', async (t) => {
  const { contacts, signal } = opened(t)
  const services = contacts.open('services', 'services')
  const pods = contacts.open('pods', 'pods')
  services.failed('list', refused, 2)
  const waiting = pods.wait(60_000, signal)
  services.stands()
  await waiting
})

test('contact: what is lost is as old as the last sign of life, and setting the clock changes nothing', async (t) => {
  const { contacts, freshness } = opened(t)
  const contact = contacts.open('services', 'services')
  contact.failed('list', refused, 1)
  assert.equal(freshness.isAnyLost(), false, 'what was never known is not stale')
  contact.stands()
  assert.equal(freshness.ageOf('services'), 0)
  t.mock.timers.enable({ apis: ['Date'], now: 0 })
  await sleep(20)
  contact.heard()
  await sleep(30)
  contact.failed('watch', new SilenceError(30), 1)
  for (const now of [0, 1e12, 5]) {
    t.mock.timers.setTime(now)
    assert.ok(freshness.isAnyLost())
    assert.ok(freshness.ageOf('services') >= 29)
    assert.ok(freshness.ageOf('services') < 60_000)
  }
  assert.equal(freshness.ageOf('pods'), 0)
  const other = new Freshness()
  other.adopt(freshness.buffer)
  assert.ok(other.ageOf('services') >= 29, 'other threads know')
  contact.stands()
  assert.equal(freshness.isAnyLost(), false)
})

test('contact: a kind is as stale as the worst of those that follow it, and as what a file says until it is listed', async (t) => {
  const { contacts, freshness } = opened(t)
  const a = contacts.open('services', 'services of a')
  const b = contacts.open('services', 'services of b')
  a.stands()
  b.stands()
  a.ended()
  await sleep(10)
  b.ended()
  b.stands()
  assert.ok(contacts.stateOf('services').staleness >= 9)
  a.close()
  assert.equal(contacts.stateOf('services').staleness, 0)
  contacts.open('services', 'services of c')
  assert.ok(freshness.isAnyLost(), 'in the place of one that was allowed more, and has told nothing yet')
  contacts.restored('pods', 3_600_000)
  assert.ok(freshness.ageOf('pods') >= 3_600_000)
  contacts.listed('pods')
  assert.equal(freshness.ageOf('pods'), 0)
})

test('contact: relists are counted by their reason', (t) => {
  const { contacts } = opened(t)
  contacts.open('pods', 'pods').relists('gap')
  assert.equal(samplesOf('clusterdns_kubernetes_relists_total')['kind="pods",reason="gap"'], 1)
})
