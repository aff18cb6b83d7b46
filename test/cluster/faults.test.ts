// Faults of servers, networks and clocks while objects change at random: afterwards every answer is what the server's
// state makes it. Those that a reflector has to tell apart are in reflector.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../src/cluster/store.ts'
import { reverseName } from '../../src/dns/address.ts'
import { printRcode } from '../../src/dns/codes.ts'
import { printName } from '../../src/dns/name.ts'
import { printRecords } from '../../src/dns/text.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { handlerFor } from '../ask.ts'
import { queryOf } from '../context.ts'
import { Churn, churnNamespace, listCluster, randomFrom } from './churn.ts'
import { accessTo, type Following, following, patienceMs, shortSilenceMs, until } from './following.ts'

const zone = `${churnNamespace}.svc.cluster.local.`

/** Everything that random changes could have an influence on. */
function* questions(): Generator<string> {
  yield `${zone} A`
  for (let i = 0; i < 13; i++) {
    for (const type of ['A', 'AAAA', 'SRV', 'CNAME']) yield `s${i}.${zone} ${type}`
    yield `_http._tcp.s${i}.${zone} SRV`
    for (let hostname = 1; hostname < 6; hostname++) yield `h${hostname}.s${i}.${zone} A`
  }
  for (let i = 0; i < 32; i++) {
    yield `10-200-0-${i}.${churnNamespace}.pod.cluster.local. A`
    yield `${printName(reverseName(`10.200.0.${i}`))} PTR`
  }
}

/** Every answer, without the zone's serial, which depends on when changes were seen. */
async function answersFrom(cluster: Cluster): Promise<ReadonlyMap<string, string>> {
  const ask = handlerFor('kubernetes cluster.local in-addr.arpa {\n pods verified\n}', {
    feeds: { kubernetes: cluster },
  })
  const answers = new Map<string, string>()
  for (const question of questions()) {
    const { rcode, answer, additional, errors } = await ask(queryOf(question))
    const records = [answer, additional].map((rrsets) => rrsets.flatMap(printRecords).sort().join('\n'))
    answers.set(question, [printRcode(rcode), ...records, ...errors.map(({ code }) => code)].join('\n'))
  }
  return answers
}

interface Scene extends Following {
  readonly sandbox: Sandbox
  readonly churn: Churn
}

/** Plays while objects change, and compares all answers when they don't any more. */
async function scene(seed: number, timing: object, play: (scene: Scene) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox()
  try {
    const access = accessTo(sandbox.url)
    const churn = new Churn(access, seed)
    await churn.begin()
    await churn.steps(80)
    await following(access, { timing }, async (follow) => {
      assert.equal(await follow.watch.started(patienceMs), true)
      let playing = true
      const changes = (async () => {
        while (playing) {
          // A server that breaks off its connections breaks off those of writers too.
          await churn.steps(3).catch(() => {})
          await sleep(2)
        }
        await churn.steps(20)
      })()
      await play({ ...follow, sandbox, churn }).finally(() => {
        playing = false
      })
      await changes
      await follow.converged()
      assert.ok(churn.taken > 60)
      const expected = await answersFrom(await listCluster(access))
      assert.ok([...expected.values()].filter((answer) => answer.startsWith('NOERROR\n')).length > 5)
      assert.deepEqual(await answersFrom(follow.cluster), expected)
    })
  } finally {
    await sandbox.close()
  }
}

test('faults: bookmarks and no events for a while', async () => {
  await scene(1, {}, async ({ sandbox, proxy }) => {
    for (let i = 0; i < 3; i++) {
      sandbox.trouble.bookmarksOnly(20)
      const before = proxy.bookmarks
      await until('bookmarks', () => proxy.bookmarks > before + 20)
      if (i === 1) proxy.drop()
      sandbox.trouble.bookmarksOnly(0)
      await sleep(50)
    }
  })
})

test('faults: the clock is set forward and back', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  await scene(2, { silenceMs: shortSilenceMs }, async ({ sandbox, proxy, watch, lines }) => {
    const now = Date.now()
    for (const jump of [3_600_000, -86_400_000, 10 * 365 * 86_400_000, 0]) {
      t.mock.timers.setTime(now + jump)
      await sleep(50)
      assert.ok(watch.ageOf('services') < patienceMs, `${watch.ageOf('services')} ms`)
      proxy.drop()
      await sleep(50)
    }
    t.mock.timers.setTime(now - 3_600_000)
    proxy.down = true
    proxy.drop()
    t.mock.timers.setTime(now + 3_600_000)
    await until('the line', () => lines.some((line) => line.startsWith('[ERROR]')))
    assert.ok(watch.ageOf('services') > 0 && watch.ageOf('services') < patienceMs)
    proxy.down = false
    await until('a watch', () => watch.ageOf('services') === 0)
    // Each silence is found by a clock that isn't set.
    proxy.stall()
    t.mock.timers.setTime(now - 3_600_000)
    await until('the silence', () => lines.some((line) => line.includes('has been silent for 1 s')))
    sandbox.trouble.expire()
  })
})

test('faults: a slow server whose connections break', async () => {
  await scene(3, {}, async ({ sandbox, proxy }) => {
    sandbox.trouble.slow(30)
    for (let i = 0; i < 6; i++) {
      await sleep(60)
      proxy.drop()
      if (i % 2 === 0) sandbox.trouble.expire()
    }
    sandbox.trouble.slow(0)
  })
})

test('faults: a server that takes requests and never answers', async () => {
  await scene(4, { silenceMs: shortSilenceMs }, async ({ proxy, lines, watch }) => {
    proxy.mute = true
    proxy.drop()
    await until('the line', () => lines.some((line) => /^\[ERROR\] failed to watch .*silent for 1 s/.test(line)))
    assert.ok(watch.ageOf('endpointslices') > 0)
    proxy.mute = false
  })
})

test('faults: the server is restored from a backup', async () => {
  await scene(5, {}, async ({ sandbox, lines }) => {
    await sleep(100)
    sandbox.trouble.restart({ older: true })
    await until('the warning', () => lines.some((line) => line.includes('gone back to an older state')))
  })
})

test('faults: answers and events that are cut off or no JSON, lists too', async () => {
  await scene(6, { watchSeconds: 1 }, async ({ sandbox }) => {
    for (let i = 0; i < 4; i++) {
      sandbox.trouble.truncated({ verb: 'watch', times: 3 })
      sandbox.trouble.malformed({ verb: 'watch', times: 3 })
      sandbox.trouble.truncated({ verb: 'list', times: 1 })
      sandbox.trouble.malformed({ verb: 'list', times: 1 })
      if (i % 2 === 0) sandbox.trouble.expire()
      await sleep(80)
    }
    sandbox.trouble.end()
  })
})

test('faults: everything is listed again now and then, for what no count shows', async () => {
  await scene(7, { watchSeconds: 1, relistMs: 1 }, async ({ proxy, sandbox, cluster }) => {
    // A pod nobody hears of: behind the field selector of pods the server doesn't count.
    proxy.deaf = true
    const status = { phase: 'Running', podIP: '10.201.0.1', podIPs: [{ ip: '10.201.0.1' }] }
    const spec = { containers: [{ name: 'c', image: 'i' }] }
    const metadata = { namespace: 'default', name: 'lost' }
    sandbox.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec, status } as never)
    await sleep(50)
    proxy.deaf = false
    sandbox.trouble.bookmark()
    await until('the pod', () => cluster.podsAt('10.201.0.1').length === 1)
  })
})

for (const seed of [11, 12, 13]) {
  test(`faults: one after the other at random, ${seed}`, async () => {
    await scene(seed, { silenceMs: shortSilenceMs, watchSeconds: 1 }, async ({ sandbox, proxy }) => {
      const random = randomFrom(seed)
      const { trouble } = sandbox
      let restored = 0
      const faults: readonly (() => unknown)[] = [
        () => proxy.drop(),
        () => proxy.stall(),
        () => proxy.cut(),
        () => proxy.inject('{"type":"MODIFIED","object"\n'),
        () => proxy.inject('{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n'),
        () => trouble.expire(),
        () => trouble.status(429, { verb: 'watch', retryAfter: 1, times: 1 }),
        () => trouble.status(500, { verb: 'watch', times: 6 }),
        () => trouble.status(503, { verb: 'list', times: 6 }),
        () => trouble.slow(20),
        () => trouble.slow(0),
        () => trouble.bookmarksOnly(10),
        () => trouble.bookmarksOnly(0),
        () => trouble.restart(),
        // Once: changes soon bring versions back to where they were, and then nobody could tell.
        () => trouble.restart({ older: !restored++ }),
        () => trouble.truncated({ verb: 'watch', times: 2 }),
        () => trouble.malformed({ verb: 'watch', times: 2 }),
      ]
      for (let i = 0; i < 25; i++) {
        faults[Math.floor(random() * faults.length)]?.()
        await sleep(random() * 60)
      }
      trouble.end()
    })
  })
}
