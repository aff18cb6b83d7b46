// What is answered while the API server is away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRcode } from '../../../src/dns/codes.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { tellStaleness } from '../../../src/plugins/kubernetes/stale.ts'
import { startSandbox } from '../../../src/sandbox/sandbox.ts'
import { handlerFor } from '../../ask.ts'
import { accessTo, following, until } from '../../cluster/following.ts'
import { configOf, queryOf, recordLog } from '../../context.ts'

const stanza = 'kubernetes cluster.local {\n pods insecure\n stale_after 300ms\n}'

test('stale answers say so, once the API server is away for long enough and until it is back', async () => {
  const sandbox = await startSandbox()
  try {
    const end = new AbortController()
    await following(accessTo(sandbox.url), {}, async ({ proxy, watch, cluster, converged }) => {
      assert.equal(await watch.started(30_000), true)
      await converged()
      const { log, lines } = recordLog()
      tellStaleness(configOf(kubernetes, stanza), (kind) => watch.ageOf(kind), log, end.signal)
      const ask = handlerFor(stanza, { feeds: { kubernetes: cluster } })
      const told = async (question: string) => {
        const { rcode, errors } = await ask(queryOf(question))
        return [printRcode(rcode), ...errors.map(({ code }) => code)].join(' ')
      }
      const questions = [
        'kubernetes.default.svc.cluster.local. A',
        'kubernetes.default.svc.cluster.local. AAAA',
        'nope.default.svc.cluster.local. A',
        '1-2-3-4.default.pod.cluster.local. A',
        'default.svc.cluster.local. A',
        'dns-version.cluster.local. TXT',
        'cluster.local. SOA',
        'nope.cluster.local. A',
      ]
      const answers = () => Promise.all(questions.map(told))
      const fresh = ['NOERROR', 'NOERROR', 'NXDOMAIN', 'NOERROR', 'NOERROR', 'NOERROR', 'NOERROR', 'NXDOMAIN']
      assert.deepEqual(await answers(), fresh)
      proxy.down = true
      proxy.drop()
      await until('stale answers', async () => (await told(questions[0] as string)) === 'NOERROR 3')
      await until('all of them', async () => (await told(questions[3] as string)) === 'NOERROR 3')
      // What no object of the cluster decides is never stale.
      const stale = [
        'NOERROR 3',
        'NOERROR 3',
        'NXDOMAIN 19',
        'NOERROR 3',
        'NOERROR 3',
        'NOERROR',
        'NOERROR',
        'NXDOMAIN',
      ]
      assert.deepEqual(await answers(), stale)
      await until('the line', () => lines.length > 0)
      proxy.down = false
      await until('fresh answers', async () => (await answers()).join() === fresh.join())
      const line =
        '[WARNING] nothing has been heard of endpointslices, namespaces, services for 0.3 s, answers say that they are stale'
      assert.deepEqual(lines, [line])
    })
    end.abort()
  } finally {
    await sandbox.close()
  }
})
