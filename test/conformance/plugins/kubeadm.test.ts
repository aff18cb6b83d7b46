// kubeadm's stock chain over the wire: cluster names beside an upstream's, with cache, loop and loadbalance in it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { type Behaviour, honest, records, replyTo } from '../../upstream.ts'
import { askSubject, compare, linesFor, withSubject } from '../suite.ts'

// kubeadm's, but for ports, the upstream's address and the cluster's file.
const corefile = `. {
    bind 127.0.0.1
    errors
    health 127.0.0.1:{$PORT_A} {
       lameduck 0s
    }
    ready 127.0.0.1:{$PORT_B}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       kubeconfig {$KUBECONFIG}
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus 127.0.0.1:{$PORT_C}
    forward . {$UPSTREAM} {
       max_concurrent 1000
    }
    # One worker, so that what was asked once is kept wherever it is asked again.
    multisocket 1
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`

const behave: Behaviour = (asked) => {
  const name = printName(asked.query.questions[0]?.name ?? assert.fail('no question'))
  if (name !== '123.2.0.192.in-addr.arpa.') return honest(asked)
  return [{ send: replyTo(asked.query, { answer: records(`${name} 60 IN PTR my.test.`) }) }]
}

interface Row {
  readonly title: string
  readonly ask: string
  readonly expect: readonly string[]
  readonly differs?: string
}

const soa = 'cluster.local. IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 30'

const rows: readonly Row[] = [
  {
    title: 'a service',
    ask: 'svc1.testns.svc.cluster.local. A',
    expect: ['NOERROR aa', 'svc1.testns.svc.cluster.local. IN A 10.96.1.1'],
  },
  {
    title: "a service's other family",
    ask: 'svc1.testns.svc.cluster.local. AAAA',
    expect: ['NOERROR aa', soa],
  },
  {
    title: "a service that isn't",
    ask: 'nope.testns.svc.cluster.local. A',
    expect: ['NXDOMAIN aa', soa],
  },
  {
    title: "a pod's address as a name",
    ask: '10-1-2-3.testns.pod.cluster.local. A',
    expect: ['NOERROR aa', '10-1-2-3.testns.pod.cluster.local. IN A 10.1.2.3'],
  },
  {
    title: 'the address of a service',
    ask: '1.1.96.10.in-addr.arpa. PTR',
    expect: ['NOERROR aa', '1.1.96.10.in-addr.arpa. IN PTR svc1.testns.svc.cluster.local.'],
  },
  {
    title: 'an address nobody in the cluster has falls through to the upstream',
    ask: '123.2.0.192.in-addr.arpa. PTR',
    expect: ['NOERROR ra', '123.2.0.192.in-addr.arpa. IN PTR my.test.'],
  },
  {
    title: 'a name of the upstream',
    ask: 'www.test. A',
    expect: ['NOERROR ra', 'www.test. IN A 192.0.2.1'],
  },
  {
    title: 'and again, now kept',
    ask: 'www.test. A',
    expect: ['NOERROR aa ra', 'www.test. IN A 192.0.2.1'],
  },
  {
    title: 'an ExternalName is followed to the upstream',
    ask: 'ext.testns.svc.cluster.local. A',
    expect: [
      'NOERROR aa',
      'ext.testns.svc.cluster.local. IN CNAME www.example.com.',
      'www.example.com. IN A 192.0.2.1',
    ],
  },
]

withSubject(
  'kubeadm',
  (portOf, upstreamOf) => {
    for (const { title, ask, expect, differs } of rows) {
      test(title, async () => {
        compare(await linesFor(portOf(), ask, { ttls: false }), expect, differs)
      })
    }
    test('the upstream never hears of cluster names', async () => {
      const { asked } = upstreamOf()
      compare(
        asked.filter(({ query }) => query.questions.some(({ name }) => printName(name).endsWith('cluster.local.'))),
        [],
        undefined,
      )
    })
    test('cluster names are answered while the upstream is away', async () => {
      await upstreamOf().die()
      const got = await linesFor(portOf(), 'svc1.testns.svc.cluster.local. A')
      await upstreamOf().revive()
      compare(got, ['NOERROR aa', 'svc1.testns.svc.cluster.local. 30 IN A 10.96.1.1'], undefined)
    })
    test('the addresses of a headless service come in several orders', async () => {
      const orders = new Set<string>()
      for (let count = 0; count < 60; count++) {
        const got = await askSubject(portOf(), 'hdls.testns.svc.cluster.local. A')
        orders.add(got?.reply.answer.flatMap(({ rdatas }) => rdatas.map(String)).join() ?? '')
      }
      assert.ok(orders.size > 1)
    })
  },
  { corefile, behave },
)
