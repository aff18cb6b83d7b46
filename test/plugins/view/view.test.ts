import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clusterOf } from '../../../src/cluster/cluster-of.ts'
import { printRcode } from '../../../src/dns/codes.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { view } from '../../../src/plugins/view/index.ts'
import { serverFor } from '../../ask.ts'
import { configOf, isCorefileError, queryOf, recordLog } from '../../context.ts'
import { samplesOf } from '../../samples.ts'

test('a stanza is a name and its expressions', () => {
  assert.deepEqual(configOf(view, 'view lan'), { name: 'lan', expressions: [] })
  assert.deepEqual(configOf(view, "view lan {\n  expr type() == 'A'\n  expr do()\n}"), {
    name: 'lan',
    expressions: ["type() == 'A'", 'do()'],
  })
  assert.throws(
    () => configOf(view, 'view lan {\n  expr name() == 1\n}'),
    isCorefileError(
      'plugin/view: Corefile:3 - Error during parsing: invalid operation: == (mismatched types string and int) (1:8)',
    ),
  )
})

const answer = (address: string) => `template IN A {\n  answer "{{ .Name }} 60 IN A ${address}"\n}`

const pod = {
  kind: 'Pod',
  metadata: { namespace: 'demo', name: 'client' },
  status: { phase: 'Running', podIP: '10.244.0.7' },
}

const corefile = `
example.org {
    view lan {
        expr incidr(client_ip(), '10.0.0.0/8')
    }
    prometheus localhost:0
    acl
    log . "{/view/name}"
    ${answer('192.0.2.1')}
}
example.org {
    view text-or-tcp {
        expr type() == 'TXT' || proto() == 'tcp'
        expr name() != 'never.example.org.'
    }
    ${answer('192.0.2.2')}
}
example.org {
    ${answer('192.0.2.3')}
}
a.example.org {
    view nobody {
        expr false
    }
    ${answer('192.0.2.4')}
}
example.net {
    view lan {
        expr incidr(client_ip(), '10.0.0.0/8')
    }
    ${answer('192.0.2.5')}
}
`

suite('of blocks with equal keys the first whose view fits answers', () => {
  const serve = serverFor(corefile)
  for (const [ask, from, transport, expected] of [
    ['www.example.org. A', '10.1.1.1', 'udp', '192.0.2.1'],
    ['www.example.org. A', '10.1.1.1', 'tcp', '192.0.2.1'],
    ['www.example.org. A', '192.0.2.99', 'udp', '192.0.2.3'],
    ['www.example.org. A', '192.0.2.99', 'tcp', '192.0.2.2'],
    ['never.example.org. A', '192.0.2.99', 'tcp', '192.0.2.3'],
    // A view that takes nothing leaves its zone to the one above it.
    ['a.example.org. A', '10.1.1.1', 'udp', '192.0.2.1'],
    ['b.a.example.org. A', '192.0.2.99', 'udp', '192.0.2.3'],
    ['www.example.net. A', '10.1.1.1', 'udp', '192.0.2.5'],
    ['www.example.net. A', '192.0.2.99', 'udp', 'REFUSED'],
  ] as const) {
    test(`${ask} from ${from} by ${transport}`, async () => {
      const { rcode, answer } = await serve(queryOf(ask, { client: { address: from, transport } }))
      const [record = printRcode(rcode)] = answer.flatMap(printRecords)
      assert.equal(record.split(' ').at(-1), expected)
    })
  }
})

test('logs and metrics name the view', async () => {
  const { log, lines } = recordLog()
  const serve = serverFor(corefile, { log })
  const server = 'dns://:53'
  const allowed = () => samplesOf('coredns_acl_allowed_requests_total')[`server="${server}",view="lan"`] ?? 0
  const matches = () =>
    samplesOf('coredns_template_matches_total')[
      `server="${server}",zone="example.org.",view="lan",class="IN",type="A"`
    ] ?? 0
  const responses = () =>
    samplesOf('coredns_dns_responses_total')[
      `server="${server}",zone="example.org.",view="lan",rcode="NOERROR",plugin="template"`
    ] ?? 0
  const before = { allowed: allowed(), matches: matches(), responses: responses() }
  await serve(queryOf('www.example.org. A', { client: { address: '10.1.1.1', server } }))
  assert.deepEqual(
    { allowed: allowed(), matches: matches(), responses: responses() },
    { allowed: before.allowed + 1, matches: before.matches + 1, responses: before.responses + 1 },
  )
  assert.deepEqual(lines, ['[INFO] lan'])
})

test('what plugins of the block know is there to choose by', async () => {
  const serve = serverFor(
    `cluster.local example.org {
    view shop {
        expr metadata('kubernetes/client-namespace') == 'demo'
    }
    kubernetes cluster.local {
        pods verified
    }
    ${answer('192.0.2.1')}
}
example.org {
    ${answer('192.0.2.2')}
}`,
    { feeds: { kubernetes: clusterOf([pod]) } },
  )
  const told = async (address: string) =>
    (await serve(queryOf('www.example.org. A', { client: { address } }))).answer.flatMap(printRecords).join()
  assert.equal(await told('10.244.0.7'), 'www.example.org. 60 IN A 192.0.2.1')
  assert.equal(await told('10.244.0.8'), 'www.example.org. 60 IN A 192.0.2.2')
})
