import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { trimEndpoints } from '../../src/cluster/endpoints.ts'

const metadata = { namespace: 'default', name: 'Web' }
const slice: EndpointSlice = { namespace: 'default', name: 'web', service: 'web', endpoints: [], ports: [] }
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
  readonly is: readonly EndpointSlice[]
  readonly complaints?: readonly string[]
}

const cases: readonly Case[] = [
  {
    name: 'ready and not ready',
    object: {
      metadata,
      subsets: [
        {
          addresses: [{ ip: '10.1.0.1', hostname: 'Web-0', targetRef: { kind: 'Pod', name: 'web-0' } }],
          notReadyAddresses: [{ ip: 'FD00:0::2' }],
          ports: [{ name: 'http', port: 80 }],
        },
      ],
    },
    is: [
      {
        ...slice,
        endpoints: [
          { ...endpoint, hostname: 'web-0', podName: 'web-0' },
          { ...endpoint, addresses: ['fd00::2'], ready: false, serving: false },
        ],
        ports: [{ name: 'http', port: 80, protocol: 'tcp' }],
      },
    ],
  },
  {
    name: 'several subsets',
    object: {
      metadata,
      subsets: [
        { addresses: [{ ip: '10.1.0.1' }], ports: [{ port: 80 }] },
        { addresses: [{ ip: '10.1.0.1' }], ports: [{ port: 53, protocol: 'UDP' }] },
      ],
    },
    is: [
      { ...slice, endpoints: [endpoint], ports: [{ name: '', port: 80, protocol: 'tcp' }] },
      { ...slice, name: 'web/1', endpoints: [endpoint], ports: [{ name: '', port: 53, protocol: 'udp' }] },
    ],
  },
  { name: 'no subsets', object: { metadata }, is: [] },
  { name: 'null', object: { metadata, subsets: null }, is: [] },
  {
    name: 'every part of the wrong type',
    object: { metadata, subsets: [7, { addresses: 'x', notReadyAddresses: [null, { ip: 3 }], ports: {} }] },
    is: [slice, { ...slice, name: 'web/1' }],
    complaints: ['3 is no address'],
  },
  { name: 'no name', object: {}, is: [], complaints: ['it has no name'] },
]

for (const { name, object, is, complaints = [] } of cases) {
  test(`endpoints: ${name}`, () => {
    const heard: string[] = []
    assert.deepEqual(
      trimEndpoints(object, (problem) => heard.push(problem)),
      is,
    )
    assert.deepEqual(heard, complaints)
  })
}
