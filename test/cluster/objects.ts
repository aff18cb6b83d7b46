// Objects of every kind at random, within what the API allows and a little beyond, for properties.
import fc from 'fast-check'
import type { Endpoint, EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import type { Trimmed } from '../../src/cluster/kinds.ts'
import type { Namespace } from '../../src/cluster/namespace.ts'
import type { Pod } from '../../src/cluster/pod.ts'
import type { Service, ServicePort } from '../../src/cluster/service.ts'
import type { Kind } from '../../src/cluster/store.ts'
import { canonicalAddress } from '../../src/dns/address.ts'

/** As an object of the API is made, without a prototype of its own. */
const plain = { noNullPrototype: true } as const

/** Names and addresses come from these: few, so that objects share them, or any. */
export interface Words {
  readonly namespace: fc.Arbitrary<string>
  readonly name: fc.Arbitrary<string>
  readonly address: fc.Arbitrary<string>
  /** Everything else. */
  readonly text: fc.Arbitrary<string>
}

const anyText = fc.oneof(
  fc.constant(''),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  // Code units alone, halves of pairs among them.
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
)

export const anyWords: Words = {
  namespace: fc.stringMatching(/^[!-\-/-~]{1,63}$/),
  name: anyText.filter((name) => name !== ''),
  address: fc.oneof(fc.ipV4(), fc.ipV6()).map((address) => canonicalAddress(address) as string),
  text: anyText,
}

export const fewWords: Words = {
  namespace: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('x', 'y', 'z', 'x-y'),
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.1.0.1', 'fd00::1', 'fd00::2', '::ffff:10.0.0.1'),
  text: fc.constantFrom('', 'some', 'same'),
}

function addressesOf({ address }: Words, minLength = 0): fc.Arbitrary<string[]> {
  return fc.uniqueArray(address, { minLength, maxLength: 3 })
}

function portsOf({ text }: Words): fc.Arbitrary<ServicePort[]> {
  const protocol = fc.oneof(fc.constantFrom('tcp', 'udp', 'sctp'), text)
  const port = fc.record({ name: text, port: fc.integer({ min: 0, max: 0xffff }), protocol }, plain)
  return fc.array(port, { maxLength: 3 })
}

function service(words: Words): fc.Arbitrary<Service> {
  const always = {
    namespace: words.namespace,
    name: words.name,
    type: fc.constantFrom('ClusterIP' as const, 'NodePort' as const, 'LoadBalancer' as const, 'ExternalName' as const),
    clusterIPs: addressesOf(words),
    headless: fc.boolean(),
    externalName: words.text,
    ports: portsOf(words),
    selects: fc.boolean(),
  }
  const atTimes = {
    externalAddresses: addressesOf(words, 1),
    externalHostnames: fc.array(words.text, { minLength: 1, maxLength: 2 }),
  }
  const requiredKeys = Object.keys(always) as (keyof typeof always)[]
  return fc.record({ ...always, ...atTimes }, { ...plain, requiredKeys })
}

function slice(words: Words): fc.Arbitrary<EndpointSlice> {
  const endpoint: fc.Arbitrary<Endpoint> = fc.record(
    {
      addresses: addressesOf(words),
      ready: fc.boolean(),
      serving: fc.boolean(),
      terminating: fc.boolean(),
      hostname: words.text,
      podName: words.text,
      zone: fc.oneof(fc.constantFrom('', 'eu-1a', 'eu-1b'), words.text),
    },
    plain,
  )
  const { namespace, name } = words
  const endpoints = fc.array(endpoint, { maxLength: 5 })
  return fc.record({ namespace, name, service: name, endpoints, ports: portsOf(words) }, plain)
}

function pod(words: Words): fc.Arbitrary<Pod> {
  const { namespace, name, text } = words
  const labels = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true })
  return fc.record({ namespace, name, addresses: addressesOf(words), labels }, plain)
}

function namespace(words: Words): fc.Arbitrary<Namespace> {
  return fc.record({ name: words.namespace }, plain)
}

export function objectsOf(words: Words): { readonly [K in Kind]: fc.Arbitrary<Trimmed[K]> } {
  return {
    services: service(words),
    endpointslices: slice(words),
    namespaces: namespace(words),
    pods: pod(words),
    serviceimports: service(words).map((one) => ({ ...one, imported: true })),
    importedslices: fc.tuple(slice(words), words.name).map(([one, cluster]) => ({ ...one, cluster })),
  }
}
