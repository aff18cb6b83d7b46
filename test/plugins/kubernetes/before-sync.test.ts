// What is answered while some kinds of objects have not been listed yet.
import { storeOf } from '../../../src/cluster/cluster-of.ts'
import { Mirror } from '../../../src/cluster/mirror.ts'
import type { Kind, Store } from '../../../src/cluster/store.ts'
import { reply } from '../../../src/dns/reply.ts'
import { fixtureSerial, handlerFor, run } from '../../ask.ts'

const soa = `cluster.local. 5 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. ${fixtureSerial} 7200 1800 86400 5`
const reverse = soa.replaceAll('cluster.local', 'in-addr.arpa')
const zone = 'testns.svc.cluster.local.'

/** A cluster of which these kinds are listed, and of the others a part is known. */
function partial(...synced: readonly Kind[]): Store {
  const mirror = new Mirror()
  for (const kind of synced) mirror.setSynced(kind)
  mirror.apply('namespaces', 'testns', { name: 'testns' })
  const service = { namespace: 'testns', type: 'ClusterIP', externalName: '', selects: true } as const
  const ports = [{ name: 'http', port: 80, protocol: 'tcp' }]
  mirror.apply('services', 'testns/web', { ...service, name: 'web', clusterIPs: ['10.0.0.1'], headless: false, ports })
  mirror.apply('services', 'testns/db', { ...service, name: 'db', clusterIPs: [], headless: true, ports })
  const endpoint = { addresses: ['10.1.0.1'], ready: true, serving: true, terminating: false, podName: '', zone: '' }
  mirror.apply('endpointslices', 'testns/db-a', {
    namespace: 'testns',
    name: 'db-a',
    service: 'db',
    ports,
    endpoints: [{ ...endpoint, hostname: 'db-0' }],
  })
  mirror.setSerial(fixtureSerial)
  return storeOf(mirror)
}

const chain = (store: Store) => () =>
  handlerFor('kubernetes cluster.local in-addr.arpa {\n pods insecure\n fallthrough\n}', {
    feeds: { kubernetes: store },
    next: () => reply({ plugin: 'next' }),
  })

const passedOn = { authoritative: false, plugin: 'next' }
const unknown = { rcode: 'SERVFAIL', authority: [soa] }
const unknownReverse = { rcode: 'SERVFAIL', authority: [reverse] }

run('nothing is listed', chain(partial()), [
  { ask: `web.${zone} A`, answer: [`web.${zone} 5 IN A 10.0.0.1`] },
  { ask: `web.${zone} AAAA`, authority: [soa] },
  { ask: `nope.${zone} A`, ...unknown },
  { ask: 'web.nons.svc.cluster.local. A', ...unknown },
  // What is known of a set may be a part of it.
  { ask: `db.${zone} A`, ...unknown },
  { ask: `db-0.db.${zone} A`, ...unknown },
  { ask: `_http._tcp.db.${zone} SRV`, ...unknown },
  { ask: '1.0.0.10.in-addr.arpa. PTR', answer: [`1.0.0.10.in-addr.arpa. 5 IN PTR web.${zone}`] },
  { ask: '1.0.1.10.in-addr.arpa. PTR', ...unknownReverse },
  { ask: '10-1-0-1.nons.pod.cluster.local. A', ...unknown },
  // What no object could change.
  { ask: 'dns-version.cluster.local. TXT', answer: ['dns-version.cluster.local. 28800 IN TXT "1.1.0"'] },
  { ask: 'cluster.local. A', authority: [soa] },
  { ask: 'nope.cluster.local. A', ...passedOn },
])

run('all but slices is listed', chain(partial('services', 'namespaces', 'pods')), [
  { ask: `web.${zone} A`, answer: [`web.${zone} 5 IN A 10.0.0.1`] },
  { ask: `db.${zone} A`, ...unknown },
  { ask: `nope.web.${zone} A`, ...unknown },
  { ask: '9.0.1.10.in-addr.arpa. PTR', ...unknownReverse },
  { ask: '10-1-0-1.nons.pod.cluster.local. A', ...passedOn },
])

run('everything is listed', chain(partial('services', 'namespaces', 'pods', 'endpointslices')), [
  { ask: `db.${zone} A`, answer: [`db.${zone} 5 IN A 10.1.0.1`] },
  { ask: `nope.${zone} A`, ...passedOn },
  { ask: 'web.nons.svc.cluster.local. A', ...passedOn },
  { ask: '9.0.1.10.in-addr.arpa. PTR', ...passedOn },
])
