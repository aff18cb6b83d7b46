import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTerminating, type Pod, trimPod } from '../../src/cluster/pod.ts'

const metadata = { namespace: 'default', name: 'web-0' }
const pod: Pod = { namespace: 'default', name: 'web-0', addresses: ['10.1.0.1'], labels: {} }

interface Case {
  readonly name: string
  readonly object: unknown
  readonly is: Pod | undefined
  readonly complaints?: readonly string[]
}

const cases: readonly Case[] = [
  { name: 'one address', object: { metadata, status: { phase: 'Running', podIP: '10.1.0.1' } }, is: pod },
  {
    name: 'addresses of both families',
    object: { metadata, status: { podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }, { ip: 'FD00:0::1' }] } },
    is: { ...pod, addresses: ['10.1.0.1', 'fd00::1'] },
  },
  {
    name: 'labels',
    object: { metadata: { ...metadata, labels: { app: 'Web', odd: 3 } }, status: { podIP: '10.1.0.1' } },
    is: { ...pod, labels: { app: 'Web' } },
  },
  { name: 'not placed yet', object: { metadata, status: { phase: 'Pending' } }, is: undefined },
  ...['Succeeded', 'Failed', 'Unknown'].map((phase) => ({
    name: phase,
    object: { metadata, status: { phase, podIP: '10.1.0.1' } },
    is: undefined,
  })),
  {
    name: 'a name with dots',
    object: { metadata: { ...metadata, name: 'Web.0' }, status: { podIP: '10.1.0.1' } },
    is: { ...pod, name: 'web.0' },
  },
  {
    name: 'an address that is none',
    object: { metadata, status: { podIPs: [{ ip: 'x' }, 'y', null] } },
    is: undefined,
    complaints: ['"x" is no address'],
  },
  { name: 'no status', object: { metadata }, is: undefined },
  { name: 'an array', object: [], is: undefined, complaints: ['it has no name'] },
]

for (const { name, object, is, complaints = [] } of cases) {
  test(`pod: ${name}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimPod(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}

test('pod: told to end', () => {
  assert.equal(isTerminating({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), true)
  assert.equal(isTerminating({ metadata: { deletionTimestamp: null } }), false)
  assert.equal(isTerminating({ metadata }), false)
  assert.equal(isTerminating(undefined), false)
})
