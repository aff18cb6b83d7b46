import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, type EventLog, watch } from './api-client.ts'
import { withSandbox } from './with-sandbox.ts'

const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const path = '/api/v1/namespaces/default/configmaps'
const seen = ({ events }: EventLog) => events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim())

test('connections that are dropped, and those that come later', async () => {
  await withSandbox({}, async (sandbox) => {
    const before = await watch(sandbox, `${path}?watch=true`)
    sandbox.trouble.dropConnections()
    await before.until(({ ended }) => ended === 'broken')
    const after = await watch(sandbox, `${path}?watch=true`)
    sandbox.apply(configMap('a'))
    await after.until((log) => seen(log).includes('ADDED a'))
    after.close()
  })
})

test('half-open connections are silent, later ones are not', async () => {
  await withSandbox({}, async (sandbox) => {
    const before = await watch(sandbox, `${path}?watch=true&timeoutSeconds=1`)
    sandbox.trouble.halfOpen()
    const after = await watch(sandbox, `${path}?watch=true&timeoutSeconds=1`)
    sandbox.apply(configMap('a'))
    await after.until(({ ended }) => ended === 'closed')
    assert.deepEqual([seen(before), before.ended, seen(after)], [[], undefined, ['ADDED a']])
    before.close()
  })
})

test('connections that are refused', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.trouble.refuse(true)
    await assert.rejects(call(sandbox, 'GET', '/version'), { code: 'ECONNRESET' })
    sandbox.trouble.refuse(false)
    assert.equal((await call(sandbox, 'GET', '/version')).code, 200)
  })
})

test('slow answers and events', async () => {
  await withSandbox({}, async (sandbox) => {
    const log = await watch(sandbox, `${path}?watch=true`)
    sandbox.trouble.slow(200)
    const start = performance.now()
    sandbox.apply(configMap('a'))
    await call(sandbox, 'GET', '/version')
    assert.ok(performance.now() - start >= 190)
    await log.until((each) => seen(each).includes('ADDED a'))
    log.close()
  })
})

test('errors in place of answers', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.trouble.status(429, { retryAfter: 3, times: 2 })
    for (const expected of [429, 429, 200]) {
      const { code, headers, body } = await call(sandbox, 'GET', path)
      assert.equal(code, expected)
      if (code === 429) assert.deepEqual([headers['retry-after'], body.details?.retryAfterSeconds], ['3', 3])
    }
    sandbox.trouble.status(500, { kind: 'pods', verb: 'watch' })
    assert.equal((await call(sandbox, 'GET', path)).code, 200)
    assert.equal((await call(sandbox, 'GET', '/api/v1/pods')).code, 200)
    assert.equal((await watch(sandbox, '/api/v1/pods?watch=true')).code, 500)
    sandbox.trouble.status(503)
    sandbox.trouble.end()
    assert.equal((await call(sandbox, 'GET', path)).code, 200)
  })
})

test('answers and events that are cut off or no JSON', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(configMap('a'))
    sandbox.trouble.truncated({ kind: 'configmaps' })
    await assert.rejects(call(sandbox, 'GET', path))
    sandbox.trouble.malformed({ kind: 'configmaps' })
    const garbled = await call(sandbox, 'GET', path)
    assert.deepEqual([garbled.code, garbled.body], [200, {}])

    const log = await watch(
      sandbox,
      `${path}?watch=true&resourceVersion=${(await call(sandbox, 'GET', path)).body.metadata?.resourceVersion}`,
    )
    sandbox.trouble.malformed({ kind: 'configmaps', verb: 'watch' })
    sandbox.apply(configMap('b'))
    sandbox.apply(configMap('c'))
    await log.until(({ events }) => events.length > 0)
    assert.deepEqual([log.garbage.length, seen(log)], [1, ['ADDED c']])
    sandbox.trouble.truncated({ verb: 'watch' })
    sandbox.apply(configMap('d'))
    await log.until(({ ended }) => ended !== undefined)
    assert.deepEqual([log.garbage.length, seen(log)], [2, ['ADDED c']])
  })
})

test('history that is forgotten, of one kind', async () => {
  await withSandbox({}, async (sandbox) => {
    const query = '?watch=true&allowWatchBookmarks=true'
    const configMaps = await watch(sandbox, path + query)
    const pods = await watch(sandbox, `/api/v1/pods${query}`)
    sandbox.trouble.expire('configmaps')
    await configMaps.until(({ ended }) => ended === 'closed')
    assert.deepEqual([configMaps.events.at(-1)?.type, configMaps.events.at(-1)?.object.code], ['ERROR', 410])
    sandbox.trouble.bookmark()
    await pods.until((log) => seen(log).includes('BOOKMARK'))
    assert.equal(pods.ended, undefined)
    pods.close()
  })
})

test('bookmarks only: events wait, and no bookmark is ahead of them', async () => {
  await withSandbox({}, async (sandbox) => {
    const log = await watch(sandbox, `${path}?watch=true&allowWatchBookmarks=true`)
    sandbox.trouble.bookmarksOnly(20)
    sandbox.apply(configMap('a'))
    await log.until(({ events }) => events.length >= 3)
    assert.deepEqual(new Set(seen(log)), new Set(['BOOKMARK']))
    sandbox.trouble.bookmarksOnly(0)
    await log.until((each) => seen(each).includes('ADDED a'))
    const at = log.events.findIndex(({ type }) => type === 'ADDED')
    const versions = log.events.slice(0, at + 1).map(({ object }) => Number(object.metadata?.resourceVersion))
    assert.ok(versions.slice(0, -1).every((version) => version < (versions.at(-1) ?? 0)))
    log.close()
  })
})

test('a restart: from where it was, and with older versions', async () => {
  await withSandbox({}, async (sandbox) => {
    const before = (await call(sandbox, 'GET', path)).body.metadata?.resourceVersion
    sandbox.apply(configMap('a'))
    sandbox.trouble.restart()
    const late = await watch(sandbox, `${path}?watch=true&resourceVersion=${before}`)
    await late.until(({ ended }) => ended !== undefined)
    assert.equal(late.events[0]?.object.code, 410)
    sandbox.trouble.restart({ older: true })
    const after = (await call(sandbox, 'GET', path)).body
    assert.ok(Number(after.metadata?.resourceVersion) < Number(before))
    assert.deepEqual(
      after.items?.map(({ metadata }) => metadata?.name),
      ['a'],
    )
    assert.equal((await call(sandbox, 'GET', `${path}?resourceVersion=${before}`)).code, 504)
    const log = await watch(sandbox, `${path}?watch=true&resourceVersion=${after.metadata?.resourceVersion}`)
    sandbox.apply(configMap('b'))
    await log.until((each) => seen(each).includes('ADDED b'))
    log.close()
  })
})

test('trouble by call', async () => {
  await withSandbox({}, async (sandbox) => {
    const post = (query: string) => call(sandbox, 'POST', `/sandbox/trouble/${query}`)
    const log = await watch(sandbox, `${path}?watch=true&allowWatchBookmarks=true`)
    assert.equal((await post('bookmark')).code, 200)
    await log.until(({ events }) => events.length === 1)
    const { body } = await call(sandbox, 'GET', '/sandbox/status')
    assert.equal(body.watches, 1)
    assert.equal((await post('status?code=503&retryAfter=1')).code, 200)
    assert.equal((await call(sandbox, 'GET', path)).code, 503)
    assert.equal((await post('expire?kind=cm')).code, 200)
    await log.until(({ ended }) => ended !== undefined)
    for (const query of ['truncated', 'malformed', 'slow?milliseconds=1', 'bookmarks-only', 'refuse?on=false', 'end']) {
      assert.equal((await post(query)).code, 200, query)
    }
    for (const query of ['drop-connections', 'restart?older=true']) assert.equal((await post(query)).code, 200, query)
    for (const query of ['half-open', 'end']) assert.equal((await post(query)).code, 200, query)
    assert.equal((await post('nonsense')).code, 404)
    assert.equal((await post('slow?milliseconds=soon')).code, 400)
    assert.equal((await post('expire?kind=nonsense')).code, 400)
    assert.equal((await call(sandbox, 'GET', '/sandbox/trouble/end')).code, 404)
  })
})
