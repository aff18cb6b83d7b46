import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'
import { Churn } from './churn.ts'
import { accessTo, type Following, following, until } from './following.ts'

interface Scene extends Following {
  readonly sandbox: Sandbox
  readonly churn: Churn
}

type Options = Parameters<typeof following>[1] & { readonly sandbox?: SandboxOptions }

/** A sandbox with random objects in it, followed through a proxy; afterwards the worker must know what the server has. */
async function scene(options: Options, play: (scene: Scene) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox(options.sandbox ?? {})
  try {
    const access = accessTo(sandbox.url)
    const churn = new Churn(access, 7)
    await churn.begin()
    await churn.steps(60)
    await following(access, options, async (follow) => {
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
    assert.equal(await watch.started(30_000), true)
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
    await watch.started(30_000)
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
    await watch.started(30_000)
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
    await watch.started(30_000)
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
    await watch.started(30_000)
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
      assert.equal(await watch.started(30_000), true)
      await converged()
      assert.ok(proxy.requests.some((path) => path.includes('continue=')))
      await churn.steps(60)
      await converged()
    })
  })
}

test('reflector: a server that overlooks what it is asked, and never ends a streaming list, is asked for pages', async () => {
  await scene({ timing: { silenceMs: 300 } }, async ({ proxy, watch, converged }) => {
    proxy.rewrite = (path) =>
      path.replace('sendInitialEvents=true', '').replace('resourceVersionMatch=NotOlderThan', '')
    assert.equal(await watch.started(30_000), true)
    await converged()
    assert.ok(proxy.requests.some((path) => path.includes('limit=3')))
  })
})

test('reflector: pages that expire are fetched in one piece', async () => {
  await scene({}, async ({ proxy, watch }) => {
    proxy.answer = (path) => {
      if (path.includes('sendInitialEvents')) return { status: 422 }
      return path.includes('continue=') ? { status: 410 } : undefined
    }
    assert.equal(await watch.started(30_000), true)
    assert.ok(proxy.requests.some((path) => !path.includes('watch=true') && !path.includes('limit=')))
  })
})

test('reflector: a connection that has gone silent is noticed', async () => {
  await scene({ timing: { silenceMs: 300 } }, async ({ proxy, watch, converged, churn, lines }) => {
    await watch.started(30_000)
    proxy.stall()
    await churn.steps(40)
    await converged()
    assert.ok(lines.some((line) => line.includes('the API server has been silent for 0.3 s')))
  })
})

test('reflector: Retry-After is heeded', async () => {
  await scene({}, async ({ proxy, watch, churn }) => {
    await watch.started(30_000)
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
    await watch.started(30_000)
    proxy.answer = () => ({ status: 500, body: 'upstream connect error' })
    proxy.drop()
    await churn.steps(40)
    await until('many attempts', () => proxy.requests.length > 30)
    proxy.answer = () => undefined
    await until('recovery', () => lines.some((line) => line === '[INFO] services are followed again'))
    const errors = lines.filter((line) => line.startsWith('[ERROR] failed to watch services'))
    assert.deepEqual(errors, ['[ERROR] failed to watch services: the API server answers 500'])
  })
})

test('reflector: events that are cut short', async () => {
  await scene({}, async ({ proxy, watch, churn }) => {
    await watch.started(30_000)
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
      await watch.started(30_000)
      for (let i = 0; i < 5; i++) {
        proxy.inject(text)
        await churn.steps(10)
      }
    })
  })
}

test('reflector: objects without names or of no shape are passed over', async () => {
  await scene({}, async ({ proxy, watch, churn, lines }) => {
    await watch.started(30_000)
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
      await watch.started(30_000)
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
    await watch.started(30_000)
    proxy.answer = (path) => (path.includes('resourceVersion=') ? { status: 200 } : undefined)
    proxy.drop()
    const before = proxy.requests.length
    await new Promise((resolve) => setTimeout(resolve, 1000))
    assert.ok(proxy.requests.length - before < 60, `${proxy.requests.length - before} requests in a second`)
    proxy.answer = () => undefined
  })
})

test('reflector: a server that is slow', async () => {
  await scene({}, async ({ sandbox, watch, churn }) => {
    sandbox.trouble.slow(50)
    await watch.started(30_000)
    await churn.steps(20)
    sandbox.trouble.slow(0)
  })
})
