// The reflectors against a real API server, which anybody who has one can name:
//   CLUSTERDNS_API_KUBECONFIG  the file; what is in it must be allowed to write. Objects are made in a namespace `churn`.
//   CLUSTERDNS_API_CHANGES     how many random changes; 500 unless said otherwise
//   CLUSTERDNS_API_EXPIRE, CLUSTERDNS_API_RESTART   shell commands that make it forget its history and that restart it
import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { test } from 'node:test'
import { type Access, openCredentials } from '../../src/cluster/credentials.ts'
import { Churn, callApi, churnNamespace, randomFrom } from './churn.ts'
import { type Following, following, until } from './following.ts'

const file = process.env.CLUSTERDNS_API_KUBECONFIG ?? ''
const changes = Number(process.env.CLUSTERDNS_API_CHANGES ?? 500)
const skip = file === '' ? 'needs CLUSTERDNS_API_KUBECONFIG' : false
const seed = Number(process.env.CLUSTERDNS_API_SEED ?? Math.floor(Math.random() * 1e9))

const connection = { from: 'kubeconfig', file, context: '' } as const

async function serverAccess(): Promise<Access> {
  return await (await openCredentials(connection)).access()
}

async function swept(access: Access): Promise<void> {
  await until('the namespace to go', async () => {
    const { status } = await callApi(access, 'DELETE', `/api/v1/namespaces/${churnNamespace}`)
    return status === 404
  })
}

test('real API server: followed by its kubeconfig', { skip }, async () => {
  const access = await serverAccess()
  const churn = new Churn(access, seed)
  await swept(access)
  await churn.begin()
  await churn.steps(50)
  // The proxy only serves to compare here.
  await following(access, { connection: () => connection }, async ({ watch, converged }) => {
    assert.equal(await watch.started(30_000), true)
    await converged()
    await churn.steps(50)
    await converged()
  })
  await swept(access)
})

for (const streaming of [true, false]) {
  test(`real API server: random changes and faults, ${streaming ? 'streaming lists' : 'lists in pages'}`, {
    skip,
  }, async (t) => {
    t.diagnostic(`seed ${seed}`)
    const access = await serverAccess()
    const churn = new Churn(access, seed)
    const random = randomFrom(seed + 1)
    await swept(access)
    await churn.begin()
    await following(access, { timing: { silenceMs: 20_000, pageSize: 100 } }, async (follow) => {
      const { proxy, watch, converged } = follow
      const normal = (path: string) => (!streaming && path.includes('sendInitialEvents') ? { status: 422 } : undefined)
      proxy.answer = normal
      assert.equal(await watch.started(30_000), true)
      const faults: readonly (() => void | Promise<void>)[] = [
        () => proxy.drop(),
        () => proxy.cut(),
        () => proxy.inject('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n'),
        () =>
          proxy.inject(
            '{"type":"ERROR","object":{"kind":"Status","code":504,"message":"etcdserver: request timed out"}}\n',
          ),
        () => proxy.inject('{"type":"MODIFIED","object"\n'),
        () => outage(follow, churn),
        () => refusals(follow, churn, normal),
        () => run('CLUSTERDNS_API_EXPIRE'),
        () => run('CLUSTERDNS_API_RESTART'),
      ]
      for (let done = 0; done < changes; done += 50) {
        await churn.steps(25)
        await faults[Math.floor(random() * faults.length)]?.()
        await churn.steps(25)
        if (random() < 0.2) await converged()
      }
      await converged()
      assert.ok(churn.taken > changes / 4)
      // Counting must not find gaps where there are none.
      assert.deepEqual(
        follow.lines.filter((line) => line.includes('are known')),
        [],
      )
    })
    await swept(access)
  })
}

/** Changes nobody sees while they happen. */
async function outage({ proxy }: Following, churn: Churn): Promise<void> {
  proxy.down = true
  proxy.drop()
  await churn.steps(20)
  proxy.down = false
}

async function refusals({ proxy }: Following, churn: Churn, normal: typeof proxy.answer): Promise<void> {
  proxy.answer = () => ({ status: 503 })
  proxy.drop()
  await churn.steps(20)
  proxy.answer = (path) => (path.includes('resourceVersion=') ? { status: 410 } : normal(path, ''))
  await churn.steps(20)
  proxy.answer = normal
}

/** Runs the command of an environment variable, if there is one. */
function run(variable: string): void {
  const command = process.env[variable]
  if (command !== undefined) execSync(command, { stdio: 'ignore' })
}
