import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { clusterOf } from '../../../src/cluster/cluster-of.ts'
import { Store } from '../../../src/cluster/store.ts'
import { printRcode } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import type { Next } from '../../../src/plugin.ts'
import { autopath } from '../../../src/plugins/autopath/index.ts'
import { answerFrom, handlerFor } from '../../ask.ts'
import { configOf, isCorefileError, mainContext, queryOf, recordLog } from '../../context.ts'

const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
after(() => rmSync(folder, { recursive: true }))
const resolvConf = join(folder, 'resolv.conf')
writeFileSync(resolvConf, 'nameserver 192.0.2.53\ndomain foo.com\nsearch Bar.com corp.example\noptions ndots:5\n')
const empty = join(folder, 'empty')
writeFileSync(empty, 'nameserver 192.0.2.53\n')

suite('stanzas', () => {
  const print = (stanza: string, key?: string) => {
    const { zones, path, fromQuestion, warnings } = configOf(autopath, stanza, key)
    const source = 'plugin' in path ? `@${path.plugin}` : path.map(printName).join(' ')
    return { zones: zones.map(printName).join(' '), source, fromQuestion, warnings }
  }
  const unknown = '@kubernetes is not in this server block: no search path is known, and none is walked'
  const blind = "@kubernetes has no 'pods verified': it doesn't know its clients, and no search path is walked"
  test('the zones are those of the block, or its arguments; the last is the source', () => {
    const usual = { zones: '.', source: '@kubernetes', fromQuestion: false, warnings: [unknown] }
    assert.deepEqual(print('autopath @kubernetes'), usual)
    assert.deepEqual(print('autopath example.org 10.0.0.0/8 @kubernetes'), {
      ...usual,
      zones: 'example.org. 10.in-addr.arpa.',
    })
    assert.deepEqual(print('autopath @kubernetes', 'cluster.local'), { ...usual, zones: 'cluster.local.' })
  })
  test('a file says the path of everybody', () => {
    const usual = { zones: '.', fromQuestion: false, warnings: [] }
    assert.deepEqual(print(`autopath ${resolvConf}`), { ...usual, source: 'bar.com. corp.example. .' })
    assert.deepEqual(print(`autopath ${empty}`), { ...usual, source: '' })
  })
  test('what can not work is warned of', async () => {
    const stanza = (pods: string, property = '') =>
      `autopath @kubernetes ${property}\nkubernetes cluster.local {\n  pods ${pods}\n}`
    assert.deepEqual(print(stanza('verified')).warnings, [])
    assert.deepEqual(print(stanza('insecure')).warnings, [blind])
    assert.deepEqual(print(stanza('disabled', '{\n  from_question\n}')).warnings, [])
    const { log, lines } = recordLog()
    await autopath.background?.(
      configOf(autopath, stanza('insecure')),
      mainContext(new AbortController().signal, { log }),
    )
    assert.deepEqual(lines, [`[WARNING] ${blind}`])
  })
  const bad: Readonly<Record<string, string>> = {
    autopath: '2 - Error during parsing: no resolv-conf specified',
    'autopath @whoami\nwhoami': '2 - Error during parsing: whoami does not implement the AutoPather interface',
    'autopath nowhere': '2 - Error during parsing: failed to parse "nowhere": open nowhere: no such file or directory',
    'autopath @kubernetes {\n  x\n}': "3 - Error during parsing: unknown property 'x'",
    'autopath @kubernetes {\n  from_question x\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'x'",
    [`autopath ${resolvConf} {\n  from_question\n}`]:
      '2 - Error during parsing: from_question needs a plugin instead of a file',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza.replace(folder, '')), () =>
      assert.throws(() => configOf(autopath, stanza), isCorefileError(`plugin/autopath: Corefile:${message}`)),
    )
  }
})

/** The reply in lines, and the names that were asked of the rest of the chain. */
async function ask(serve: Next, question: string, client = '10.244.5.1'): Promise<string[]> {
  const { rcode, answer } = await serve(queryOf(question, { client: { address: client } }))
  return [printRcode(rcode), ...answer.flatMap(printRecords)]
}

test('a file: names below the first domain are walked for, others are not', async () => {
  const next = answerFrom(['www.corp.example. 60 IN A 192.0.2.1', 'www.foo.com. 60 IN A 192.0.2.2'])
  const serve = handlerFor(`autopath ${resolvConf}`, { next })
  const found = ['NOERROR', 'www.bar.com. 60 IN CNAME www.corp.example.', 'www.corp.example. 60 IN A 192.0.2.1']
  assert.deepEqual(await ask(serve, 'www.bar.com. A'), found)
  assert.deepEqual(await ask(serve, 'www.foo.com. A'), ['NOERROR', 'www.foo.com. 60 IN A 192.0.2.2'])
  assert.deepEqual(await ask(serve, 'www.net. A'), ['NXDOMAIN'])
  assert.deepEqual(await ask(serve, 'bar.com. A'), ['NXDOMAIN'])
  assert.deepEqual(await ask(handlerFor(`autopath ${empty}`, { next }), 'www.bar.com. A'), ['NXDOMAIN'])
  assert.deepEqual(await ask(handlerFor(`autopath example.org ${resolvConf}`, { next }), 'www.bar.com. A'), [
    'NXDOMAIN',
  ])
})

const world = answerFrom(['www.example.com. 60 IN A 192.0.2.1', 'web.corp. 60 IN A 192.0.2.2'])
const verified = 'kubernetes cluster.local {\n  pods verified\n}'

suite('@kubernetes', () => {
  const serve = handlerFor(`autopath @kubernetes\n${verified}`, { next: world })
  for (const [question, client, expected] of [
    [
      'www.example.com.testns.svc.cluster.local. A',
      '10.244.5.1',
      [
        'NOERROR',
        'www.example.com.testns.svc.cluster.local. 60 IN CNAME www.example.com.',
        'www.example.com. 60 IN A 192.0.2.1',
      ],
    ],
    ['www.example.com.testns.svc.cluster.local. AAAA', '10.244.5.1', ['NOERROR']],
    // Another service, by SERVICE.NAMESPACE.
    [
      'svc1.testns.testns.svc.cluster.local. A',
      '10.244.5.1',
      [
        'NOERROR',
        'svc1.testns.testns.svc.cluster.local. 5 IN CNAME svc1.testns.svc.cluster.local.',
        'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1',
      ],
    ],
    ['svc1.testns.svc.cluster.local. A', '10.244.5.1', ['NOERROR', 'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1']],
    ['nothing.example.com.testns.svc.cluster.local. A', '10.244.5.1', ['NXDOMAIN']],
    // Below the domain of another namespace, or from who is no pod, nobody has searched.
    ['www.example.com.default.svc.cluster.local. A', '10.244.5.1', ['NXDOMAIN']],
    ['www.example.com.testns.svc.cluster.local. A', '192.0.2.77', ['NXDOMAIN']],
  ] as const) {
    test(`${question} from ${client}`, async () => assert.deepEqual(await ask(serve, question, client), [...expected]))
  }
})

test('pods at one address are told apart by the question', async () => {
  const pod = (namespace: string) => ({
    kind: 'Pod',
    metadata: { namespace, name: 'agent' },
    status: { phase: 'Running', podIP: '10.0.0.1' },
  })
  const names = ['kube-system', 'shop'].map((name) => ({ kind: 'Namespace', metadata: { name } }))
  const kubernetes = clusterOf([...names, pod('kube-system'), pod('shop')])
  const serve = handlerFor(`autopath @kubernetes\n${verified}`, { next: world, feeds: { kubernetes } })
  for (const namespace of ['kube-system', 'shop']) {
    const asked = `www.example.com.${namespace}.svc.cluster.local.`
    const [rcode, alias] = await ask(serve, `${asked} A`, '10.0.0.1')
    assert.deepEqual([rcode, alias], ['NOERROR', `${asked} 60 IN CNAME www.example.com.`])
  }
  assert.deepEqual(await ask(serve, 'www.example.com.default.svc.cluster.local. A', '10.0.0.1'), ['NXDOMAIN'])
})

suite('from_question', () => {
  const asked: string[] = []
  const next: Next = (query) => {
    asked.push(printName(query.name))
    return world(query)
  }
  const serve = handlerFor('autopath @kubernetes {\n  from_question\n}\nkubernetes cluster.local', { next })
  const alias = (name: string) => `${name.split(' ')[0]} 60 IN CNAME www.example.com.`
  for (const [title, question, expected, leaks] of [
    [
      'whoever asks',
      'www.example.com.testns.svc.cluster.local. A',
      ['NOERROR', alias('www.example.com.testns.svc.cluster.local.'), 'www.example.com. 60 IN A 192.0.2.1'],
      true,
    ],
    [
      'a service of another namespace',
      'svc1.testns.default.svc.cluster.local. A',
      [
        'NOERROR',
        'svc1.testns.default.svc.cluster.local. 5 IN CNAME svc1.testns.svc.cluster.local.',
        'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1',
      ],
      false,
    ],
    [
      'a whole name of the cluster',
      'svc1.testns.svc.cluster.local.default.svc.cluster.local. A',
      [
        'NOERROR',
        'svc1.testns.svc.cluster.local.default.svc.cluster.local. 5 IN CNAME svc1.testns.svc.cluster.local.',
        'svc1.testns.svc.cluster.local. 5 IN A 10.96.1.1',
      ],
      false,
    ],
    ['a namespace that is not there', 'www.example.com.nowhere.svc.cluster.local. A', ['NXDOMAIN'], false],
    ['one label', 'web.testns.svc.cluster.local. A', ['NXDOMAIN'], false],
    ['what stands before a service', 'www.svc1.testns.svc.cluster.local. A', ['NXDOMAIN'], false],
    ['a port of a service', '_x._tcp.svc1.testns.svc.cluster.local. SRV', ['NXDOMAIN'], false],
    ['what is no name of the Internet', 'web.internal.testns.svc.cluster.local. A', ['NXDOMAIN'], false],
    ['an address', '192.0.2.1.testns.svc.cluster.local. A', ['NXDOMAIN'], false],
    [
      'a cluster name that is not there',
      'no.testns.svc.cluster.local.default.svc.cluster.local. A',
      ['NXDOMAIN'],
      false,
    ],
  ] as const) {
    test(`${title}: ${question}`, async () => {
      asked.length = 0
      assert.deepEqual(await ask(serve, question, '192.0.2.77'), [...expected])
      assert.equal(asked.length > 0, leaks, asked.join())
    })
  }
  test('a pod that is known to be elsewhere as well', async () => {
    const both = handlerFor(`autopath @kubernetes {\n  from_question\n}\n${verified}`, { next: world })
    const [rcode] = await ask(both, 'www.example.com.default.svc.cluster.local. A', '10.244.5.1')
    assert.equal(rcode, 'NOERROR')
  })
})

test('while the cluster is not known, nobody is asked for its names', async () => {
  const serve = handlerFor(`autopath ${resolvConf}\nkubernetes bar.com`, {
    next: () => assert.fail('asked'),
    feeds: { kubernetes: new Store() },
  })
  assert.deepEqual(await ask(serve, 'a.b.svc.bar.com. A'), ['SERVFAIL'])
})

test('coredns/coredns#8290: every name of the walk passes acl', async () => {
  const denied = '10.0.0.66'
  const serve = handlerFor(`autopath ${resolvConf}\nacl corp.example {\n  block net ${denied}\n}`, {
    next: answerFrom(['secret.corp.example. 60 IN A 192.0.2.1']),
  })
  assert.deepEqual(await ask(serve, 'secret.bar.com. A', denied), ['REFUSED'])
  assert.equal((await ask(serve, 'secret.bar.com. A', '10.0.0.9'))[0], 'NOERROR')
})

test('what was found for one client is not kept under the name that another asks for', async () => {
  const asked: string[] = []
  const known = answerFrom(['www.example.com. 60 IN A 192.0.2.1'])
  const next: Next = async (query) => {
    asked.push(printName(query.name))
    return { ...(await known(query)), authority: [parseRecord('example. 60 IN SOA a. b. 1 2 3 4 60')] }
  }
  const serve = handlerFor(`autopath @kubernetes\ncache\n${verified}`, { next })
  const question = 'www.example.com.testns.svc.cluster.local. A'
  for (let i = 0; i < 3; i++) assert.equal((await ask(serve, question))[0], 'NOERROR')
  assert.equal(asked.filter((name) => name === 'www.example.com.').length, 1)
  assert.deepEqual(await ask(serve, question, '192.0.2.77'), ['NXDOMAIN'])
  assert.equal((await ask(serve, question))[0], 'NOERROR')
})
