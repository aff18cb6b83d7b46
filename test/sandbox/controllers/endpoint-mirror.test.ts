import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../../src/sandbox/object.ts'
import { endpointsOf, serviceManifest, slicesOf, withSandbox } from '../with-sandbox.ts'

const endpoints = (subsets: object[], labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'hand', labels },
  ...{ subsets },
})

test('Endpoints written by hand are mirrored, for services without a selector', async () => {
  await withSandbox({}, async (sandbox) => {
    const subset = {
      addresses: [{ ip: '10.1.1.1', hostname: 'one' }, { ip: 'fd00::1' }],
      notReadyAddresses: [{ ip: '10.1.1.2' }],
      ports: [{ name: 'http', port: 80 }],
    }
    sandbox.apply(endpoints([subset], { team: 'a' }))
    await sandbox.settled()
    assert.deepEqual(slicesOf(sandbox, 'hand'), [], 'there is no service yet')
    sandbox.apply(serviceManifest('hand'))
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'hand'), ['10.1.1.1 one', '10.1.1.2 - not ready', 'fd00::1 -'])
    const slices = slicesOf(sandbox, 'hand')
    assert.deepEqual(slices.map(({ addressType }) => addressType).sort(), ['IPv4', 'IPv6'])
    for (const { metadata, ports } of slices) {
      assert.equal(metadata.labels?.team, 'a')
      assert.equal(metadata.ownerReferences?.[0]?.kind, 'Endpoints')
      assert.deepEqual(ports, [{ name: 'http', port: 80, protocol: 'TCP' }])
    }
    const name = slices.find(({ addressType }) => addressType === 'IPv4')?.metadata.name
    sandbox.apply(endpoints([{ addresses: [{ ip: '10.1.1.3' }], ports: [{ name: 'http', port: 80 }] }]))
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'hand'), ['10.1.1.3 -'])
    assert.equal(slicesOf(sandbox, 'hand')[0]?.metadata.name, name, 'a slice stays where it can')
    sandbox.delete('endpoints', 'default', 'hand')
    await sandbox.settled()
    assert.deepEqual(slicesOf(sandbox, 'hand'), [])
  })
})

test('not those that ask not to be, nor those of services with a selector', async () => {
  await withSandbox({}, async (sandbox) => {
    const subsets = [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }]
    sandbox.apply(serviceManifest('hand'))
    sandbox.apply(endpoints(subsets, { 'endpointslice.kubernetes.io/skip-mirror': 'true' }))
    await sandbox.settled()
    assert.deepEqual(slicesOf(sandbox, 'hand'), [])
    sandbox.patch('endpoints', 'default', 'hand', { metadata: { labels: null } })
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'hand'), ['10.1.1.1 -'])
    sandbox.patch('service', 'default', 'hand', { spec: { selector: { app: 'nobody' } } })
    await sandbox.settled()
    assert.deepEqual(endpointsOf(sandbox, 'hand'), [])
  })
})
