import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterOf } from '../../src/cluster/cluster-of.ts'
import { trimImportedSlice } from '../../src/cluster/imported-slice.ts'
import { trimServiceImport } from '../../src/cluster/service-import.ts'

const metadata = { namespace: 'Shop', name: 'Web' }
const ports = [{ name: 'HTTP', port: 80 }]
const web = { namespace: 'shop', name: 'web', type: 'ClusterIP', externalName: '', selects: false, imported: true }
const read = [{ name: 'http', port: 80, protocol: 'tcp' }]

const imports: readonly (readonly [title: string, object: unknown, is: object | undefined, complaints: string[]])[] = [
  [
    'with addresses',
    { metadata, spec: { type: 'ClusterSetIP', ips: ['10.0.0.1', 'FD00::0:1'], ports } },
    { ...web, clusterIPs: ['10.0.0.1', 'fd00::1'], headless: false, ports: read },
    [],
  ],
  [
    'headless',
    { metadata, spec: { type: 'Headless', ips: ['10.0.0.1'], ports } },
    { ...web, clusterIPs: [], headless: true, ports: read },
    [],
  ],
  ['without anything', { metadata }, { ...web, clusterIPs: [], headless: false, ports: [] }, []],
  [
    'with what is no address',
    { metadata, spec: { ips: ['x', '10.0.0.1'] } },
    { ...web, clusterIPs: ['10.0.0.1'], headless: false, ports: [] },
    ['"x" is no address'],
  ],
  ['whose name is none', { metadata: { namespace: 'a', name: 'a.b' } }, undefined, ['its name "a.b" is no label']],
]

for (const [title, object, is, complaints] of imports) {
  test(`service import: ${title}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimServiceImport(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}

const labelled = (labels: object) => ({ metadata: { namespace: 'shop', name: 'web-1', labels } })

test('imported slice: its service and its cluster are told by labels', () => {
  const label = (name: string) => `multicluster.kubernetes.io/${name}`
  const whole = { namespace: 'shop', name: 'web-1', service: 'web', endpoints: [], ports: [] }
  const slice = labelled({ [label('service-name')]: 'Web', [label('source-cluster')]: 'East' })
  assert.deepEqual(trimImportedSlice(slice), { ...whole, cluster: 'east' })
  assert.deepEqual(trimImportedSlice(labelled({ [label('service-name')]: 'web' })), { ...whole, cluster: '' })
  assert.equal(trimImportedSlice(labelled({ 'kubernetes.io/service-name': 'web' })), undefined)
})

test('a slice may be of a service and of an import', () => {
  const both = labelled({
    'kubernetes.io/service-name': 'derived',
    'multicluster.kubernetes.io/service-name': 'web',
  })
  const cluster = clusterOf([{ kind: 'EndpointSlice', ...both, endpoints: [{ addresses: ['10.1.0.1'] }] }])
  assert.equal(cluster.slices('shop', 'derived').length, 1)
  assert.equal(cluster.importedSlices('shop', 'web').length, 1)
  assert.equal(cluster.slices('shop', 'web').length, 0)
  // Of an address, only what this cluster's own services have.
  assert.deepEqual(
    cluster.endpointsAt('10.1.0.1').map(({ slice }) => slice.service),
    ['derived'],
  )
})
