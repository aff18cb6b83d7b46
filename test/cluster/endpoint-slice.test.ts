import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointSlice, trimEndpointSlice } from '../../src/cluster/endpoint-slice.ts'

const metadata = { namespace: 'default', name: 'web-x7k2p', labels: { 'kubernetes.io/service-name': 'web' } }
const slice: EndpointSlice = { namespace: 'default', name: 'web-x7k2p', service: 'web', endpoints: [], ports: [] }
const endpoint: Endpoint = {
  addresses: ['10.1.0.1'],
  ready: true,
  serving: true,
  terminating: false,
  hostname: '',
  podName: '',
  zone: '',
}

interface Case {
  readonly name: string
  readonly object: unknown
  readonly is: EndpointSlice | undefined
  readonly complaints?: readonly string[]
}

const addresses = ['10.1.0.1']
const withEndpoints = (...endpoints: readonly unknown[]): unknown => ({ metadata, endpoints })
const is = (...endpoints: readonly Endpoint[]): EndpointSlice => ({ ...slice, endpoints })

const cases: readonly Case[] = [
  { name: 'no conditions: ready', object: withEndpoints({ addresses }), is: is(endpoint) },
  { name: 'ready unknown: ready', object: withEndpoints({ addresses, conditions: { ready: null } }), is: is(endpoint) },
  {
    name: 'not ready: not serving either, where that is not said',
    object: withEndpoints({ addresses, conditions: { ready: false } }),
    is: is({ ...endpoint, ready: false, serving: false }),
  },
  {
    name: 'terminating, still serving',
    object: withEndpoints({ addresses, conditions: { ready: false, serving: true, terminating: true } }),
    is: is({ ...endpoint, ready: false, serving: true, terminating: true }),
  },
  {
    name: 'hostname, target and zone, lower-cased',
    object: withEndpoints({
      addresses,
      hostname: 'Web-0',
      targetRef: { kind: 'Pod', name: 'web-0', namespace: 'default' },
      zone: 'Europe-1a',
      nodeName: 'n1',
    }),
    is: is({ ...endpoint, hostname: 'web-0', podName: 'web-0', zone: 'europe-1a' }),
  },
  {
    name: 'a pod name too long for a label',
    object: withEndpoints({ addresses, targetRef: { kind: 'Pod', name: 'x'.repeat(64) } }),
    is: is(endpoint),
  },
  {
    name: 'several addresses of one endpoint, canonical, each once',
    object: withEndpoints({ addresses: ['FD00::0:1', 'fd00:0::1', 'fd00::2'] }),
    is: is({ ...endpoint, addresses: ['fd00::1', 'fd00::2'] }),
  },
  {
    name: 'ports: one without a number stands for all and makes no record',
    object: {
      metadata,
      ports: [
        { name: 'all', port: null },
        { name: 'Http', port: 8080 },
        { name: null, port: 53, protocol: 'UDP' },
      ],
    },
    is: {
      ...slice,
      ports: [
        { name: 'http', port: 8080, protocol: 'tcp' },
        { name: '', port: 53, protocol: 'udp' },
      ],
    },
  },
  { name: 'nothing but a label', object: { metadata }, is: slice },
  { name: 'null endpoints and ports', object: { metadata, endpoints: null, ports: null }, is: slice },
  { name: 'of no service', object: { metadata: { ...metadata, labels: { app: 'web' } } }, is: undefined },
  {
    name: 'domain names for addresses',
    object: withEndpoints({ addresses: ['example.com'] }, { addresses }),
    is: is(endpoint),
    complaints: ['"example.com" is no address'],
  },
  {
    name: 'a hostname that is no label',
    object: withEndpoints({ addresses, hostname: 'a.b' }),
    is: is(endpoint),
    complaints: ['hostname "a.b" is no label'],
  },
  {
    name: 'every part of the wrong type',
    object: withEndpoints(
      null,
      { addresses: '10.1.0.1' },
      { addresses: [7, ...addresses], conditions: 'ready', hostname: 1, targetRef: 'x', zone: {} },
    ),
    is: is(endpoint),
    complaints: ['7 is no address'],
  },
  { name: 'no name', object: {}, is: undefined, complaints: ['it has no name'] },
]

for (const { name, object, is, complaints = [] } of cases) {
  test(`endpoint slice: ${name}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimEndpointSlice(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}
