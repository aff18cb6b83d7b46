import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../../src/sandbox/object.ts'
import { withSandbox } from '../with-sandbox.ts'

const slice = (more: object): KubeObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 's' },
  ...{ addressType: 'IPv4', endpoints: [{ addresses: ['10.1.1.1'] }], ports: [{ port: 80 }] },
  ...more,
})

const endpoints = (...subsets: object[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'e' },
  ...{ subsets },
})

const refused: readonly (readonly [object: KubeObject, message: RegExp])[] = [
  [slice({ addressType: undefined }), /addressType: Required value/],
  [slice({ addressType: 'IPv5' }), /addressType: Unsupported value/],
  [slice({ endpoints: [{ addresses: [] }] }), /endpoints\[0\]\.addresses: Required value/],
  [slice({ endpoints: [{ addresses: ['fd00::1'] }] }), /must be an IPv4 address/],
  [slice({ endpoints: [{ addresses: ['127.0.0.1'] }] }), /may not be in the loopback range/],
  [slice({ endpoints: [{ addresses: ['10.1.1.1'], hostname: 'a.b' }] }), /endpoints\[0\]\.hostname/],
  [slice({ addressType: 'FQDN', endpoints: [{ addresses: ['a..b'] }] }), /endpoints\[0\]\.addresses\[0\]/],
  [slice({ endpoints: Array(1001).fill({ addresses: ['10.1.1.1'] }) }), /must have at most 1000 items/],
  [slice({ ports: [{ port: 1 }, { port: 2 }] }), /ports\[1\]\.name: Duplicate value/],
  [slice({ ports: [{ port: 70000 }] }), /ports\[0\]\.port/],
  [endpoints({ ports: [{ port: 80 }] }), /subsets\[0\]: Required value/],
  [endpoints({ addresses: [{ ip: 'nonsense' }] }), /subsets\[0\]\.addresses\[0\]\.ip/],
  [endpoints({ addresses: [{ ip: '10.1.1.1', hostname: 'A' }] }), /subsets\[0\]\.addresses\[0\]\.hostname/],
  [endpoints({ addresses: [{ ip: '10.1.1.1' }], ports: [{ name: 'x' }] }), /subsets\[0\]\.ports\[0\]\.port/],
]

test('what is refused', async () => {
  await withSandbox({}, (sandbox) => {
    for (const [object, message] of refused) {
      assert.throws(() => sandbox.apply(object), { code: 422, message }, JSON.stringify(object).slice(0, 200))
    }
    sandbox.apply(slice({}))
    assert.throws(() => sandbox.apply(slice({ addressType: 'IPv6', endpoints: [] })), /addressType: .*immutable/)
  })
})

test('what is filled in', async () => {
  await withSandbox({}, (sandbox) => {
    const [made] = sandbox.apply(slice({ ports: [{ port: 80 }, { name: 'any' }] }))
    assert.deepEqual((made as unknown as { ports: object }).ports, [
      { name: '', port: 80, protocol: 'TCP' },
      { name: 'any', protocol: 'TCP' },
    ])
  })
})
