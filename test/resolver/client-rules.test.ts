// What every resolver relies on, as properties over random clusters and names (RFC 4074, RFC 8020, RFC 2782; Kubernetes
// DNS-Based Service Discovery).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clusterOf } from '../../src/cluster/cluster-of.ts'
import { reverseName } from '../../src/dns/address.ts'
import { parseType, printRcode, Rcode, Type } from '../../src/dns/codes.ts'
import { printName } from '../../src/dns/name.ts'
import { decodeAddress, decodeName, decodeSrv } from '../../src/dns/rdata.ts'
import { type Reply, reply } from '../../src/dns/reply.ts'
import type { Next } from '../../src/plugin.ts'
import { resolvers } from '../../src/resolver/resolvers.ts'
import { type Outcome, parseAsked } from '../../src/resolver/walk.ts'
import { handlerFor } from '../ask.ts'
import { queryOf } from '../context.ts'

const zone = 'cluster.local.'
const namespaces = ['a', 'b', 'web'] as const
const names = ['web', 'db', 'a', 'svc'] as const
const hostnames = ['', 'db-0', 'web', '10-0-0-1'] as const

const namespace = fc.constantFrom(...namespaces)
const octet = fc.integer({ min: 1, max: 4 })
const port = fc.record({
  name: fc.constantFrom('', 'http', 'web'),
  port: fc.integer({ min: 1, max: 3 }),
  protocol: fc.constantFrom('TCP', 'UDP'),
})

/** One Service with its slice, as API objects; cluster IPs are in 10.96, pods in 10.0. */
const service = fc
  .record({
    namespace,
    name: fc.constantFrom(...names),
    kind: fc.constantFrom('v4', 'v6', 'dual', 'headless', 'external'),
    target: fc.constantFrom('web.a.svc.cluster.local', 'gone.a.svc.cluster.local', 'www.example.com'),
    ports: fc.array(port, { maxLength: 2 }),
    last: octet,
    endpoints: fc.array(
      fc.record({
        last: octet,
        isIPv6: fc.boolean(),
        ready: fc.boolean(),
        hostname: fc.constantFrom(...hostnames),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ namespace, name, kind, target, ports, last, endpoints }) => {
    const [v4, v6] = [`10.96.0.${last}`, `fd00::${last}`]
    const clusterIPs = { v4: [v4], v6: [v6], dual: [v4, v6], headless: ['None'], external: [] }[kind]
    const metadata = { namespace, name }
    const spec = kind === 'external' ? { type: 'ExternalName', externalName: target } : { clusterIPs, ports }
    return [
      { kind: 'Service', metadata, spec },
      {
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
        endpoints: endpoints.map((endpoint) => ({
          addresses: [endpoint.isIPv6 ? `fd01::${endpoint.last}` : `10.0.0.${endpoint.last}`],
          conditions: { ready: endpoint.ready },
          ...(endpoint.hostname === '' ? {} : { hostname: endpoint.hostname }),
        })),
        ports,
      },
    ]
  })

const cluster = fc
  .record({ known: fc.subarray([...namespaces], { minLength: 1 }), services: fc.array(service, { maxLength: 6 }) })
  .map(({ known, services }) => [
    ...known.map((name) => ({ kind: 'Namespace', metadata: { name } })),
    ...services.flat(),
  ])

const label = fc.constantFrom(
  ...names,
  ...namespaces,
  'pod',
  'dns',
  'ns',
  'dns-version',
  '_http',
  '_web',
  '_tcp',
  '_udp',
  'db-0',
  '10-0-0-1',
  'x',
)
const clusterName = fc.array(label, { maxLength: 6 }).map((labels) => [...labels, zone].join('.'))

function serverOf(objects: readonly unknown[]): Next {
  return handlerFor(`kubernetes ${zone} in-addr.arpa. ip6.arpa. {\n pods insecure\n}`, {
    feeds: { kubernetes: clusterOf(objects, 1) },
    next: () => reply({ rcode: Rcode.NXDOMAIN, plugin: 'last' }),
  })
}

const ask = async (server: Next, question: string): Promise<Reply> => server(queryOf(question))

const addressesOf = async (server: Next, name: string): Promise<string[]> => {
  const replies = [await ask(server, `${name} A`), await ask(server, `${name} AAAA`)]
  return replies
    .flatMap(({ answer }) => answer)
    .filter(({ type }) => type === Type.A || type === Type.AAAA)
    .flatMap(({ rdatas }) => rdatas.map(decodeAddress))
}

test('all types agree on whether a name exists, and what exists without records has a SOA beside it', async () => {
  await fc.assert(
    fc.asyncProperty(cluster, clusterName, async (objects, name) => {
      const server = serverOf(objects)
      const rcodes = new Set<string>()
      for (const type of ['A', 'AAAA', 'SRV', 'TXT', 'MX', 'CNAME', 'HTTPS']) {
        const { rcode, answer, authority } = await ask(server, `${name} ${type}`)
        rcodes.add(printRcode(rcode))
        if (answer.length === 0)
          assert.deepEqual(
            authority.map((rrset) => rrset.type),
            [Type.SOA],
            `${name} ${type}`,
          )
      }
      assert.equal(rcodes.size, 1, `${name}: ${[...rcodes].join(' ')}`)
    }),
    { numRuns: 500 },
  )
})

test('nothing exists below a name that does not', async () => {
  await fc.assert(
    fc.asyncProperty(
      cluster,
      clusterName,
      fc.array(label, { minLength: 1, maxLength: 2 }),
      async (objects, name, more) => {
        const server = serverOf(objects)
        if ((await ask(server, `${name} A`)).rcode !== Rcode.NXDOMAIN) return
        const below = `${more.join('.')}.${name}`
        assert.equal(printRcode((await ask(server, `${below} A`)).rcode), 'NXDOMAIN', below)
      },
    ),
    { numRuns: 1000 },
  )
})

test('the targets of SRV and PTR records resolve, those of PTR back to where they came from', async () => {
  const addresses = [1, 2, 3, 4].flatMap((n) => [`10.96.0.${n}`, `fd00::${n}`, `10.0.0.${n}`, `fd01::${n}`])
  await fc.assert(
    fc.asyncProperty(cluster, async (objects) => {
      const server = serverOf(objects)
      for (const space of namespaces) {
        for (const name of names) {
          for (const prefix of ['', '_http._tcp.', '_web._udp.']) {
            const { answer } = await ask(server, `${prefix}${name}.${space}.svc.${zone} SRV`)
            for (const rdata of answer.filter(({ type }) => type === Type.SRV).flatMap(({ rdatas }) => rdatas)) {
              const target = printName(decodeSrv(rdata).target)
              assert.notDeepEqual(await addressesOf(server, target), [], target)
            }
          }
        }
      }
      for (const address of addresses) {
        const { answer } = await ask(server, `${printName(reverseName(address))} PTR`)
        for (const rdata of answer.flatMap(({ rdatas }) => rdatas)) {
          const target = printName(decodeName(rdata))
          assert.ok((await addressesOf(server, target)).includes(address), `${address} is called ${target}`)
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('a single label never yields an address of another namespace, whoever asks', async () => {
  await fc.assert(
    fc.asyncProperty(
      cluster,
      namespace,
      label,
      fc.constantFrom(...resolvers),
      async (objects, space, name, { walk }) => {
        const server = serverOf(objects)
        const search = [`${space}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local']
        const steps = walk({ nameservers: [], search, options: ['ndots:5'] }, parseAsked(name), [Type.A, Type.AAAA])
        const got: string[] = []
        let next = steps.next([])
        while (next.done !== true) {
          const outcomes: Outcome[] = []
          for (const type of next.value.types) {
            const text = `${printName(next.value.name)} ${type === Type.A ? 'A' : 'AAAA'}`
            const { rcode, answer } = await ask(server, text)
            const rdatas = answer
              .filter((rrset) => rrset.type === parseType(text.split(' ')[1] ?? ''))
              .flatMap((rrset) => rrset.rdatas)
            got.push(...rdatas.map(decodeAddress))
            outcomes.push(
              rdatas.length > 0
                ? 'answer'
                : rcode === Rcode.NXDOMAIN
                  ? 'nxdomain'
                  : answer.length > 0
                    ? 'alias'
                    : 'nodata',
            )
          }
          next = steps.next(outcomes)
        }
        const own = await addressesOf(server, `${name}.${space}.svc.${zone}`)
        assert.deepEqual(
          got.filter((address) => !own.includes(address)),
          [],
        )
      },
    ),
    { numRuns: 500 },
  )
})
