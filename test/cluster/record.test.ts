import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { kindNames, kinds, type Trimmed } from '../../src/cluster/kinds.ts'
import type { Pod } from '../../src/cluster/pod.ts'
import { packRecord, RecordReader, RecordWriter, readHead, unpackRecord } from '../../src/cluster/record.ts'
import type { Service } from '../../src/cluster/service.ts'
import type { Kind } from '../../src/cluster/store.ts'
import { anyWords, objectsOf } from './objects.ts'

const writer = new RecordWriter()

/** Its octets, at a place that isn't the beginning and with something behind. */
function packed<K extends Kind>(kind: K, object: Trimmed[K]): Buffer {
  return Buffer.concat([Buffer.from('##'), packRecord(kinds[kind].form, object, writer), Buffer.from('##')])
}

function throughRecord<K extends Kind>(kind: K, object: Trimmed[K]): Trimmed[K] {
  return unpackRecord(kinds[kind].form, new RecordReader().open(packed(kind, object), 2))
}

for (const kind of kindNames) {
  test(`record: what is unpacked is what was packed, of ${kind}`, () => {
    fc.assert(
      fc.property(objectsOf(anyWords)[kind], (object) => {
        const octets = packed(kind, object as never)
        assert.deepEqual(throughRecord(kind, object as never), object)
        assert.deepEqual(packed(kind, throughRecord(kind, object as never)), octets)
      }),
      { numRuns: 300 },
    )
  })
}

test('record: says by itself where it ends, so that equal beginnings are equal records', () => {
  const object = objectsOf(anyWords).endpointslices
  fc.assert(
    fc.property(object, object, (one, other) => {
      const [a, b] = [one, other].map((each) => packed('endpointslices', each).subarray(2, -2)) as [Buffer, Buffer]
      if (a.equals(b.subarray(0, a.length))) assert.deepEqual(one, other)
    }),
  )
})

test('record: the head is what an object is found by', () => {
  const service: Service = {
    namespace: 'a',
    name: 'web',
    type: 'LoadBalancer',
    clusterIPs: ['10.0.0.1', 'fd00::1'],
    headless: false,
    externalName: '',
    ports: [],
    selects: true,
    externalAddresses: ['192.0.2.1'],
  }
  const reader = new RecordReader().open(packed('services', service), 2)
  assert.deepEqual(readHead(reader), {
    namespace: 'a',
    name: 'web',
    service: '',
    addresses: [['10.0.0.1', 'fd00::1'], ['192.0.2.1']],
  })
})

test('record: a slice as large as the API lets it be', () => {
  const endpoints = Array.from({ length: 1000 }, (_, i) => ({
    addresses: [`10.1.${i >> 8}.${i & 255}`],
    ready: true,
    serving: true,
    terminating: false,
    hostname: `${'h'.repeat(59)}${i}`.slice(-63),
    podName: `${'p'.repeat(59)}${i}`.slice(-63),
    zone: `zone-${i}`,
  }))
  const slice: EndpointSlice = { namespace: 'a', name: 'n'.repeat(253), service: 's'.repeat(63), endpoints, ports: [] }
  assert.deepEqual(throughRecord('endpointslices', slice), slice)
  assert.ok(packed('endpointslices', slice).length < 160_000)
})

test('record: labels in their order, whatever they are called', () => {
  const labels = Object.fromEntries([
    ['z', '1'],
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['a', ''],
  ])
  const pod: Pod = { namespace: 'a', name: 'p', addresses: ['10.0.0.1'], labels }
  const unpacked = throughRecord('pods', pod)
  assert.deepEqual(Object.entries(unpacked.labels), Object.entries(labels))
})

test('record: an ordinary service takes few octets', () => {
  const service: Service = {
    namespace: 'default',
    name: 'kubernetes',
    type: 'ClusterIP',
    clusterIPs: ['10.96.0.1'],
    headless: false,
    externalName: '',
    ports: [{ name: 'https', port: 443, protocol: 'tcp' }],
    selects: false,
  }
  assert.equal(packRecord(kinds.services.form, service, writer).length, 41)
})

test('record: an address that is none is refused', () => {
  const pod: Pod = { namespace: 'a', name: 'p', addresses: ['10.0.0.256'], labels: {} }
  assert.throws(() => packRecord(kinds.pods.form, pod, writer), RangeError)
})
