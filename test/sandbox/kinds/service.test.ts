import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service, ServiceSpec } from '../../../src/sandbox/resources.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { ApiError } from '../../../src/sandbox/status.ts'
import { serviceManifest, withSandbox } from '../with-sandbox.ts'

const apply = (sandbox: Sandbox, name: string, spec: object): ServiceSpec =>
  (sandbox.apply(serviceManifest(name, spec))[0] as Service).spec

/** The fields that are at fault. */
function faults(action: () => unknown): readonly string[] {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError && error.code === 422) {
      return ((error.details?.causes ?? []) as { field: string }[]).map(({ field }) => field)
    }
    throw error
  }
  return []
}

const refused: readonly (readonly [name: string, spec: object, ...fields: string[]])[] = [
  ['9s', {}, 'metadata.name'],
  ['a.b', {}, 'metadata.name'],
  ['s', { ports: [] }, 'spec.ports'],
  ['s', { type: 'Ingress' }, 'spec.type'],
  ['s', { ports: [{ port: 0, targetPort: 80 }] }, 'spec.ports[0].port'],
  ['s', { ports: [{ port: 70000, targetPort: 70000 }] }, 'spec.ports[0].port', 'spec.ports[0].targetPort'],
  ['s', { ports: [{ port: 1 }, { port: 2 }] }, 'spec.ports[0].name', 'spec.ports[1].name'],
  ['s', { ports: [{ name: 'A', port: 1 }] }, 'spec.ports[0].name'],
  [
    's',
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
      ],
    },
    'spec.ports[1].name',
  ],
  [
    's',
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 1 },
      ],
    },
    'spec.ports[1]',
  ],
  ['s', { ports: [{ port: 1, protocol: 'ICMP' }] }, 'spec.ports[0].protocol'],
  ['s', { ports: [{ port: 1, nodePort: 30001 }] }, 'spec.ports[0].nodePort'],
  ['s', { type: 'NodePort', ports: [{ port: 1, nodePort: 80 }] }, 'spec.ports[0].nodePort'],
  ['s', { type: 'NodePort', clusterIP: 'None' }, 'spec.clusterIPs[0]'],
  ['s', { clusterIP: 'nonsense' }, 'spec.clusterIPs[0]'],
  ['s', { clusterIP: '192.168.1.1' }, 'spec.clusterIPs'],
  ['s', { clusterIP: '10.96.0.10' }, 'spec.clusterIPs'],
  ['s', { type: 'ExternalName' }, 'spec.externalName'],
  ['s', { type: 'ExternalName', externalName: 'a..b' }, 'spec.externalName'],
  ['s', { type: 'ExternalName', externalName: 'a.b', clusterIP: '10.96.3.3' }, 'spec.clusterIPs'],
  ['s', { selector: { 'a b': 'c' } }, 'spec.selector'],
]

test('what is refused', async () => {
  await withSandbox({}, (sandbox) => {
    for (const [name, spec, ...fields] of refused) {
      assert.deepEqual(
        faults(() => apply(sandbox, name, spec)),
        fields,
        JSON.stringify(spec),
      )
    }
    assert.equal(sandbox.list('services', 'default').length, 1, 'nothing was stored')
  })
})

test('names that begin with a digit, where they may (KEP-5311)', async () => {
  await withSandbox({ relaxedServiceNames: true }, (sandbox) => {
    assert.equal(apply(sandbox, '9s', {}).type, 'ClusterIP')
    assert.deepEqual(
      faults(() => apply(sandbox, 'a.b', {})),
      ['metadata.name'],
    )
  })
})

test('what is filled in', async () => {
  await withSandbox({}, (sandbox) => {
    assert.deepEqual(apply(sandbox, 'plain', {}), {
      type: 'ClusterIP',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      clusterIP: '10.96.1.0',
      clusterIPs: ['10.96.1.0'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    })
    const external = apply(sandbox, 'external', { type: 'ExternalName', externalName: 'example.org', ports: undefined })
    assert.deepEqual(external, { type: 'ExternalName', externalName: 'example.org', sessionAffinity: 'None' })
    const balanced = apply(sandbox, 'balanced', { type: 'LoadBalancer' })
    assert.equal(balanced.externalTrafficPolicy, 'Cluster')
    assert.ok((balanced.ports?.[0]?.nodePort ?? 0) >= 30000)
    const without = apply(sandbox, 'without', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false })
    assert.equal(without.ports?.[0]?.nodePort, undefined)
  })
})

test('both address families, where they are asked for', async () => {
  const cases: readonly (readonly [asked: object, families: readonly string[], policy: string])[] = [
    [{}, ['IPv4'], 'SingleStack'],
    [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4', 'IPv6'], 'PreferDualStack'],
    [{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }, ['IPv6', 'IPv4'], 'RequireDualStack'],
    [{ ipFamilies: ['IPv6'] }, ['IPv6'], 'SingleStack'],
    [{ clusterIP: 'fd00:10:96::77' }, ['IPv6'], 'SingleStack'],
    [{ clusterIPs: ['10.96.7.7', 'fd00:10:96::78'] }, ['IPv4', 'IPv6'], 'RequireDualStack'],
    [{ clusterIP: 'None', selector: { a: 'b' } }, ['IPv4'], 'SingleStack'],
    [{ clusterIP: 'None' }, ['IPv4', 'IPv6'], 'RequireDualStack'],
  ]
  await withSandbox({}, (sandbox) => {
    for (const [index, [asked, families, policy]] of cases.entries()) {
      const { ipFamilies, ipFamilyPolicy, clusterIPs = [], clusterIP } = apply(sandbox, `s${index}`, asked)
      assert.deepEqual([ipFamilies, ipFamilyPolicy], [families, policy], JSON.stringify(asked))
      assert.equal(clusterIP, clusterIPs[0])
      if (clusterIP !== 'None') {
        assert.deepEqual(
          clusterIPs.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4')),
          families,
        )
      }
    }
  })
  await withSandbox({ serviceCidr: '10.96.0.0/12' }, (sandbox) => {
    assert.deepEqual(apply(sandbox, 's', { ipFamilyPolicy: 'PreferDualStack' }).ipFamilies, ['IPv4'])
    const fails = (spec: object) => faults(() => apply(sandbox, 't', spec))
    assert.deepEqual(fails({ ipFamilyPolicy: 'RequireDualStack' }), ['spec.ipFamilyPolicy'])
    assert.deepEqual(fails({ ipFamilies: ['IPv6'] }), ['spec.ipFamilies[0]'])
  })
})

test('addresses and node ports are held while the service lives', async () => {
  await withSandbox({}, (sandbox) => {
    const spec = { type: 'NodePort', clusterIP: '10.96.50.50', ports: [{ port: 80, nodePort: 32223 }] }
    apply(sandbox, 'one', spec)
    assert.deepEqual(
      faults(() => apply(sandbox, 'two', { clusterIP: '10.96.50.50' })),
      ['spec.clusterIPs'],
    )
    const sameNodePort = { type: 'NodePort', ports: [{ port: 80, nodePort: 32223 }] }
    assert.deepEqual(
      faults(() => apply(sandbox, 'two', sameNodePort)),
      ['spec.ports[0].nodePort'],
    )
    const udp = { type: 'NodePort', ports: [{ port: 80, nodePort: 32223, protocol: 'UDP' }] }
    assert.equal(apply(sandbox, 'udp', udp).ports?.[0]?.nodePort, 32223, 'another protocol is another port')
    assert.deepEqual(
      faults(() => apply(sandbox, 'one', { clusterIP: '10.96.50.51' })),
      ['spec.clusterIPs[0]'],
    )
    sandbox.delete('service', 'default', 'one')
    assert.equal(apply(sandbox, 'two', spec).clusterIP, '10.96.50.50')
  })
})

test('a service changes its type and its families', async () => {
  await withSandbox({}, (sandbox) => {
    const patch = (spec: object) => sandbox.patch<Service>('service', 'default', 's', { spec }).spec
    const { clusterIP } = apply(sandbox, 's', {})
    const withPort = patch({ type: 'NodePort' })
    const nodePort = withPort.ports?.[0]?.nodePort ?? 0
    assert.ok(nodePort >= 30000)
    assert.equal(patch({ ports: [{ port: 80 }] }).ports?.[0]?.nodePort, nodePort, 'kept where it is left out')
    const plain = patch({ type: 'ClusterIP' })
    assert.deepEqual([plain.clusterIP, plain.ports?.[0]?.nodePort], [clusterIP, undefined])
    const taken = { type: 'NodePort', ports: [{ port: 80, nodePort }] }
    assert.equal(apply(sandbox, 'other', taken).ports?.[0]?.nodePort, nodePort, 'given back')
    const dual = patch({ ipFamilyPolicy: 'PreferDualStack' })
    assert.deepEqual([dual.clusterIPs?.length, dual.clusterIPs?.[0]], [2, clusterIP])
    const single = patch({ ipFamilyPolicy: 'SingleStack' })
    assert.deepEqual([single.clusterIPs, single.ipFamilies], [[clusterIP], ['IPv4']])
    const external = patch({ type: 'ExternalName', externalName: 'example.org' })
    assert.deepEqual([external.clusterIP, external.ipFamilies], [undefined, undefined])
    assert.equal(apply(sandbox, 'heir', { clusterIP }).clusterIP, clusterIP)
  })
})
