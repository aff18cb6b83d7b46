import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Service, trimService } from '../../src/cluster/service.ts'

const metadata = { namespace: 'default', name: 'web' }
const web: Service = {
  namespace: 'default',
  name: 'web',
  type: 'ClusterIP',
  clusterIPs: [],
  headless: false,
  externalName: '',
  ports: [],
  selects: false,
}

interface Case {
  readonly name: string
  readonly object: unknown
  readonly is: Service | undefined
  readonly complaints?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'cluster IPs of both families, in canonical form and in order',
    object: { metadata, spec: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', '2001:DB8:0:0:0:0:0:01'] } },
    is: { ...web, clusterIPs: ['10.0.0.1', '2001:db8::1'] },
  },
  {
    name: 'an old API server knows only clusterIP',
    object: { metadata, spec: { clusterIP: '10.0.0.1' } },
    is: { ...web, clusterIPs: ['10.0.0.1'] },
  },
  {
    name: 'empty clusterIPs: clusterIP counts',
    object: { metadata, spec: { clusterIP: '10.0.0.1', clusterIPs: [] } },
    is: { ...web, clusterIPs: ['10.0.0.1'] },
  },
  { name: 'None', object: { metadata, spec: { clusterIP: 'None' } }, is: { ...web, headless: true } },
  {
    name: 'None in the list',
    object: { metadata, spec: { clusterIP: 'None', clusterIPs: ['None'], selector: { app: 'web' } } },
    is: { ...web, headless: true, selects: true },
  },
  {
    name: 'ports: TCP unless said otherwise, names and protocols lower-cased',
    object: {
      metadata,
      spec: {
        ports: [{ port: 80 }, { name: 'DNS', port: 53, protocol: 'UDP' }, { name: 's', port: 1, protocol: 'SCTP' }],
      },
    },
    is: {
      ...web,
      ports: [
        { name: '', port: 80, protocol: 'tcp' },
        { name: 'dns', port: 53, protocol: 'udp' },
        { name: 's', port: 1, protocol: 'sctp' },
      ],
    },
  },
  {
    name: 'ExternalName: without its trailing dot, and never headless',
    object: { metadata, spec: { type: 'ExternalName', externalName: 'Example.COM.', clusterIP: 'None' } },
    is: { ...web, type: 'ExternalName', externalName: 'Example.COM' },
  },
  {
    name: 'an external name counts for no other type',
    object: { metadata, spec: { type: 'NodePort', externalName: 'example.com', clusterIP: '10.0.0.1' } },
    is: { ...web, type: 'NodePort', clusterIPs: ['10.0.0.1'] },
  },
  {
    name: 'a type nobody knows',
    object: { metadata, spec: { type: 'Teapot', clusterIP: '10.0.0.1' } },
    is: { ...web, clusterIPs: ['10.0.0.1'] },
  },
  {
    name: 'addresses from outside: externalIPs, then the load balancer, of whom a hostname counts where there is no address',
    object: {
      metadata,
      spec: { type: 'LoadBalancer', externalIPs: ['192.0.2.1', '2001:DB8::1'] },
      status: {
        loadBalancer: {
          ingress: [
            { ip: '192.0.2.2', hostname: 'unused.example.com' },
            { hostname: 'LB.example.com.' },
            { ip: '', hostname: 'lb.example.com' },
            { ip: '192.0.2.1' },
          ],
        },
      },
    },
    is: {
      ...web,
      type: 'LoadBalancer',
      externalAddresses: ['192.0.2.1', '2001:db8::1', '192.0.2.2'],
      externalHostnames: ['lb.example.com'],
    },
  },
  {
    name: 'addresses from outside that are none',
    object: {
      metadata,
      spec: { externalIPs: ['x'] },
      status: { loadBalancer: { ingress: [null, {}, { ip: 7, hostname: [] }] } },
    },
    is: web,
    complaints: ['"x" is no address', '7 is no address'],
  },
  { name: 'upper case', object: { metadata: { namespace: 'Default', name: 'WEB' } }, is: web },
  {
    name: 'a name that begins with a digit',
    object: { metadata: { ...metadata, name: '1st' } },
    is: { ...web, name: '1st' },
  },
  { name: 'no spec', object: { metadata }, is: web },
  {
    name: 'every part of the wrong type',
    object: { metadata, spec: { type: 7, clusterIPs: 'x', clusterIP: null, externalName: [], ports: {}, selector: 3 } },
    is: web,
  },
  {
    name: 'an address that is none and a port that is none',
    object: {
      metadata,
      spec: { clusterIPs: ['10.0.0.256', '10.0.0.1'], ports: [{ port: 99999 }, { port: '80' }, null, { port: 80 }] },
    },
    is: { ...web, clusterIPs: ['10.0.0.1'], ports: [{ name: '', port: 80, protocol: 'tcp' }] },
    complaints: ['"10.0.0.256" is no address', '99999 is no port', '"80" is no port'],
  },
  { name: 'no name', object: { metadata: { namespace: 'default' } }, is: undefined, complaints: ['it has no name'] },
  {
    name: 'no namespace',
    object: { metadata: { name: 'web' } },
    is: undefined,
    complaints: ['its namespace "" is no label'],
  },
  {
    name: 'a name no question can ask for',
    object: { metadata: { ...metadata, name: 'a.b' } },
    is: undefined,
    complaints: ['its name "a.b" is no label'],
  },
  {
    name: 'a name that is too long',
    object: { metadata: { ...metadata, name: 'x'.repeat(64) } },
    is: undefined,
    complaints: [`its name "${'x'.repeat(64)}" is no label`],
  },
  { name: 'null', object: null, is: undefined, complaints: ['it has no name'] },
  { name: 'a string', object: 'Service', is: undefined, complaints: ['it has no name'] },
]

for (const { name, object, is, complaints = [] } of cases) {
  test(`service: ${name}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimService(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}
