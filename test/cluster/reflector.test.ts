import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Connection } from '../../src/cluster/credentials.ts'
import type { KubeObject } from '../../src/sandbox/object.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { Churn, callApi } from './churn.ts'
import {
  accessTo,
  type Following,
  type FollowingOptions,
  following,
  patienceMs,
  shortSilenceMs,
  until,
} from './following.ts'

interface Scene extends Following {
  readonly sandbox: Sandbox
  readonly churn: Churn
}

type Options = FollowingOptions & { readonly sandbox?: SandboxOptions }

/** A sandbox with random objects in it, followed through a proxy; afterwards the worker must know what the server has. */
async function scene(options: Options, play: (scene: Scene) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox(options.sandbox ?? {})
  try {
    const access = accessTo(sandbox.url)
    const churn = new Churn(access, 7)
    await churn.begin()
    await churn.steps(60)
    const { sandbox: _, ...others } = options
    await following(access, others, async (follow) => {
      await play({ ...follow, sandbox, churn })
      await follow.converged()
      assert.ok(churn.taken > 40)
    })
  } finally {
    await sandbox.close()
  }
}

const watchOf = (kind: string) => (path: string) => path.includes(`/${kind}?`) && path.includes('watch=true')

test('reflector: everything is listed, and every change comes', async () => {
  await scene({}, async ({ watch, proxy, converged, churn }) => {
    assert.equal(await watch.started(patienceMs), true)
    await converged()
    const before = proxy.requests.length
    await churn.steps(200)
    await converged()
    assert.equal(proxy.requests.length, before, 'a watch that stands needs no other request')
    assert.ok(proxy.requests.every((path) => path.includes('watch=true')))
  })
})

test('reflector: connections that break lose nothing', async () => {
  await scene({}, async ({ watch, proxy, churn }) => {
    await watch.started(patienceMs)
    for (let i = 0; i < 8; i++) {
      await churn.steps(15)
      proxy.drop()
    }
    await until('watches', () => proxy.watches === 4)
    const lists = proxy.requests.filter((path) => path.includes('sendInitialEvents'))
    assert.equal(lists.length, 4, 'each kind is listed once')
  })
})

test('reflector: history that has expired is made up for by a list, deletes included', async () => {
  await scene({}, async ({ watch, proxy, churn, sandbox }) => {
    await watch.started(patienceMs)
    for (let i = 0; i < 5; i++) {
      proxy.down = true
      proxy.drop()
      await churn.steps(20)
      sandbox.trouble.expire()
      proxy.down = false
      await churn.steps(10)
    }
  })
})

test('reflector: a watch that is told its history has expired lists again', async () => {
  await scene({}, async ({ watch, converged, churn, sandbox }) => {
    await watch.started(patienceMs)
    for (let i = 0; i < 5; i++) {
      await churn.steps(20)
      sandbox.trouble.expire('services')
      sandbox.trouble.expire('endpointslices')
    }
    await converged()
  })
})

test('reflector: 410 as a status', async () => {
  await scene({}, async ({ watch, proxy, churn }) => {
    await watch.started(patienceMs)
    proxy.answer = (path) => {
      if (!path.includes('resourceVersion=')) return undefined
      return { status: 410, body: '{"kind":"Status","code":410,"reason":"Expired","message":"too old"}' }
    }
    proxy.drop()
    await churn.steps(40)
    await until('more lists', () => proxy.requests.filter((path) => path.includes('sendInitialEvents')).length >= 8)
    proxy.answer = () => undefined
  })
})

for (const status of [400, 422]) {
  test(`reflector: a server without streaming lists (${status}) is asked for pages`, async () => {
    await scene({}, async ({ watch, proxy, converged, churn }) => {
      proxy.answer = (path) => (path.includes('sendInitialEvents') ? { status } : undefined)
      assert.equal(await watch.started(patienceMs), true)
      await converged()
      assert.ok(proxy.requests.some((path) => path.includes('continue=')))
      await churn.steps(60)
      await converged()
    })
  })
}

test('reflector: a server that overlooks what it is asked, and never ends a streaming list, is asked for pages', async () => {
  await scene({ timing: { silenceMs: shortSilenceMs } }, async ({ proxy, watch, converged }) => {
    proxy.rewrite = (path) =>
      path.replace('sendInitialEvents=true', '').replace('resourceVersionMatch=NotOlderThan', '')
    assert.equal(await watch.started(patienceMs), true)
    await converged()
    assert.ok(proxy.requests.some((path) => path.includes('limit=3')))
  })
})

test('reflector: a server whose streaming lists end before their end is asked for pages after the second', async () => {
  await scene({}, async ({ proxy, watch }) => {
    const isStream = (path: string): boolean => path.includes('sendInitialEvents')
    proxy.answer = (path) => (isStream(path) ? { status: 200 } : undefined)
    assert.equal(await watch.started(patienceMs), true)
    assert.equal(proxy.requests.filter(isStream).length, 8)
    assert.ok(proxy.requests.some((path) => path.includes('limit=3')))
  })
})

test('reflector: a streaming list that breaks off is asked for again', async () => {
  await scene({}, async ({ proxy, watch, converged }) => {
    await watch.started(patienceMs)
    await converged()
    proxy.deaf = true
    proxy.answer = (path) => (/[?&]resourceVersion=/.test(path) ? { status: 410 } : undefined)
    for (let i = 0; i < 3; i++) {
      const before = proxy.requests.length
      proxy.drop()
      await until('another list of each', () => {
        const lists = proxy.requests.slice(before).filter((path) => path.includes('sendInitialEvents'))
        return lists.length >= 4 && proxy.watches === 4
      })
    }
    proxy.deaf = false
    proxy.answer = () => undefined
    proxy.drop()
    await converged()
    assert.ok(!proxy.requests.some((path) => path.includes('limit=3')))
  })
})

test('reflector: pages that expire are fetched in one piece', async () => {
  await scene({}, async ({ proxy, watch }) => {
    proxy.answer = (path) => {
      if (path.includes('sendInitialEvents')) return { status: 422 }
      return path.includes('continue=') ? { status: 410 } : undefined
    }
    assert.equal(await watch.started(patienceMs), true)
    assert.ok(proxy.requests.some((path) => !path.includes('watch=true') && !path.includes('limit=')))
  })
})

test('reflector: a connection that has gone silent is noticed', async () => {
  await scene({ timing: { silenceMs: shortSilenceMs } }, async ({ proxy, watch, converged, churn, lines }) => {
    await watch.started(patienceMs)
    proxy.stall()
    await churn.steps(40)
    await converged()
    assert.ok(lines.some((line) => line.includes('the API server has been silent for 1 s')))
  })
})

test('reflector: Retry-After is heeded', async () => {
  await scene({}, async ({ proxy, watch, churn }) => {
    await watch.started(patienceMs)
    const asked: number[] = []
    proxy.answer = (path) => {
      if (!watchOf('services')(path)) return undefined
      asked.push(performance.now())
      return asked.length < 3 ? { status: 429, headers: { 'retry-after': '1' } } : undefined
    }
    proxy.drop()
    await churn.steps(20)
    await until('three attempts', () => asked.length === 3)
    const [first = 0, second = 0, third = 0] = asked
    assert.ok(second - first >= 990)
    assert.ok(third - second >= 990)
  })
})

test('reflector: a server that fails for a while', async () => {
  await scene({}, async ({ proxy, watch, churn, lines }) => {
    await watch.started(patienceMs)
    proxy.answer = () => ({ status: 500, body: 'upstream connect error' })
    proxy.drop()
    await churn.steps(40)
    await until('many attempts', () => proxy.requests.length > 30)
    proxy.answer = () => undefined
    const all = 'endpointslices, namespaces, pods, services'
    await until('recovery', () => lines.some((line) => line.startsWith(`[INFO] ${all} are followed again, after `)))
    // However often it was tried.
    assert.deepEqual(
      lines.filter((line) => /^\[(ERROR|WARNING)/.test(line)),
      [`[ERROR] failed to watch ${all}: the API server answers 500`],
    )
    assert.equal(lines.filter((line) => line.includes('followed again')).length, 1)
  })
})

test('reflector: events that are cut short', async () => {
  await scene({}, async ({ proxy, watch, churn }) => {
    await watch.started(patienceMs)
    for (let i = 0; i < 5; i++) {
      proxy.cut()
      await churn.steps(20)
    }
  })
})

for (const text of [
  '{"type":"ADDED","object":{\n',
  '{"type":"SURPRISE","object":{}}\n',
  '[]\n',
  'null\n',
  '{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcdserver: leader changed"}}\n',
  '{"type":"ERROR","object":null}\n',
]) {
  test(`reflector: a watch that says ${text.trim()}`, async () => {
    await scene({}, async ({ proxy, watch, churn }) => {
      await watch.started(patienceMs)
      for (let i = 0; i < 5; i++) {
        proxy.inject(text)
        await churn.steps(10)
      }
    })
  })
}

test('reflector: objects without names or of no shape are passed over', async () => {
  await scene({}, async ({ proxy, watch, churn, lines }) => {
    await watch.started(patienceMs)
    for (const object of [
      '{}',
      'null',
      '7',
      '{"metadata":{"name":7}}',
      '{"metadata":{"name":"x","namespace":"a b"}}',
    ]) {
      proxy.inject(`{"type":"ADDED","object":${object}}\n{"type":"DELETED","object":${object}}\n`)
    }
    await churn.steps(20)
    await until('complaints', () => lines.some((line) => line === '[WARNING] Service: it has no name'))
  })
})

test('reflector: a server that comes back with an older state', async () => {
  const restored = await startSandbox()
  try {
    await scene({}, async ({ proxy, watch, churn, converged, lines }) => {
      await watch.started(patienceMs)
      await churn.steps(200)
      await converged()
      proxy.down = true
      proxy.drop()
      proxy.upstream = accessTo(restored.url)
      churn.access = proxy.upstream
      proxy.down = false
      await converged()
      assert.ok(lines.some((line) => line.includes('gone back to an older state')))
      await churn.begin()
      await churn.steps(30)
    })
  } finally {
    await restored.close()
  }
})

test('reflector: a watch that always ends at once is not asked for in a loop', async () => {
  await scene({ timing: { healthyMs: 60_000, backOff: { minMs: 200, maxMs: 200 } } }, async ({ proxy, watch }) => {
    await watch.started(patienceMs)
    proxy.answer = (path) => (path.includes('resourceVersion=') ? { status: 200 } : undefined)
    proxy.drop()
    const before = proxy.requests.length
    await new Promise((resolve) => setTimeout(resolve, 1000))
    assert.ok(proxy.requests.length - before < 60, `${proxy.requests.length - before} requests in a second`)
    proxy.answer = () => undefined
  })
})

test('reflector: bookmarks carry a quiet watch over history that expires', async () => {
  await scene({}, async ({ sandbox, proxy, watch, churn, converged, lines }) => {
    await watch.started(patienceMs)
    // Other kinds change, so that versions go on without these.
    await churn.begin()
    for (let i = 0; i < 20; i++) {
      const metadata = { name: `other-${i}`, namespace: 'default' }
      await callApi(churn.access, 'POST', '/api/v1/namespaces/default/endpoints', { metadata })
    }
    await converged()
    const passed = proxy.bookmarks
    sandbox.trouble.bookmark()
    await until('bookmarks', () => proxy.bookmarks === passed + 4)
    // What comes after a bookmark shows that it was read.
    proxy.inject('{"type":"ADDED","object":{}}\n')
    await until('complaints', () => lines.filter((line) => line.endsWith('it has no name')).length === 4)
    proxy.down = true
    proxy.drop()
    sandbox.trouble.expire()
    const before = proxy.requests.length
    proxy.down = false
    await until('watches', () => proxy.watches === 4)
    assert.deepEqual(
      proxy.requests.slice(before).filter((path) => path.includes('sendInitialEvents')),
      [],
    )
  })
})

test('reflector: ten thousand deletes and as many changes that nobody saw', async () => {
  await scene({}, async ({ sandbox, proxy, watch, cluster, converged }) => {
    await watch.started(patienceMs)
    const service = (i: number, port: number): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name: `many-${i}` },
      spec: { clusterIP: 'None', ports: [{ port }] },
    })
    for (let i = 0; i < 20_000; i++) sandbox.apply(service(i, 80))
    await until('all services', () => cluster.service('default', 'many-19999') !== undefined)
    proxy.down = true
    proxy.drop()
    for (let i = 0; i < 10_000; i++) sandbox.delete('services', 'default', `many-${i}`)
    for (let i = 10_000; i < 20_000; i++) sandbox.apply(service(i, 81))
    sandbox.trouble.expire()
    proxy.down = false
    await converged()
    assert.equal(cluster.service('default', 'many-19999')?.ports[0]?.port, 81)
  })
})

test('reflector: a token that rotates, is missing for a while, or was refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reflector-'))
  const token = join(folder, 'token')
  const connection = (server: string): Connection => {
    const file = join(folder, 'kubeconfig')
    const users = [{ name: 'u', user: { tokenFile: token } }]
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }]
    const clusters = [{ name: 'c', cluster: { server } }]
    writeFileSync(file, JSON.stringify({ clusters, users, contexts, 'current-context': 'x' }))
    return { from: 'kubeconfig', file, context: '' }
  }
  let accepted = 'first'
  writeFileSync(token, `${accepted}\n`)
  try {
    await scene({ connection }, async ({ proxy, watch, churn, converged, lines }) => {
      proxy.answer = (_, authorization) => (authorization === `Bearer ${accepted}` ? undefined : { status: 401 })
      assert.equal(await watch.started(patienceMs), true)
      rmSync(token)
      proxy.drop()
      await churn.steps(20)
      await until('complaints', () =>
        lines.some((line) =>
          /^.ERROR. failed to watch endpointslices, namespaces, pods, services: can't read .*token: ENOENT/.test(line),
        ),
      )
      accepted = 'second'
      writeFileSync(token, 'not yet the second')
      await until('refusals', () =>
        lines.some((line) => line.includes('failed to watch pods: the API server answers 401')),
      )
      writeFileSync(token, accepted)
      await converged()
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('reflector: changes that were lost on the way are noticed', async () => {
  await scene({ timing: { watchSeconds: 1 } }, async ({ proxy, watch, cluster, sandbox, converged, lines }) => {
    await watch.started(patienceMs)
    await converged()
    proxy.deaf = true
    const spec = { clusterIP: '10.96.7.7', ports: [{ port: 80 }] }
    sandbox.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'default', name: 'lost' },
      spec,
    } as KubeObject)
    // Had the watch broken, it would have been taken up from before: this one goes on as if nothing had been.
    await new Promise((resolve) => setTimeout(resolve, 50))
    proxy.deaf = false
    sandbox.trouble.bookmark()
    await until('the service', () => cluster.service('default', 'lost') !== undefined)
    const known = cluster.count('services') - 1
    assert.deepEqual(
      lines.filter((line) => line.startsWith('[WARNING]')),
      [`[WARNING] listing services again: the API server has ${known + 1}, ${known} are known`],
    )
  })
})

test('reflector: a server that is slow', async () => {
  await scene({}, async ({ sandbox, watch, churn }) => {
    sandbox.trouble.slow(50)
    await watch.started(patienceMs)
    await churn.steps(20)
    sandbox.trouble.slow(0)
  })
})
