// The rules of lists, watches and writes, seen from outside. They are checked against the sandbox, and against any other
// API server whose kubeconfig is named by CLUSTERDNS_API_KUBECONFIG (objects are made in a namespace `scenario`): what holds
// here holds there. CLUSTERDNS_API_EXPIRE is the shell command that makes that server forget its history.
import assert from 'node:assert/strict'
import { execSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { type ApiObject, call, type EventLog, type Target, targetOf, watch } from './api-client.ts'

const space = '/api/v1/namespaces/scenario'
const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
})

/** `TYPE NAME` of each event. */
const seen = ({ events }: EventLog) => events.map(({ type, object }) => `${type} ${object.metadata?.name ?? ''}`.trim())
const names = (list: ApiObject) => (list.items ?? []).map((each) => each.metadata?.name)
const versionOf = (object: ApiObject) => object.metadata?.resourceVersion ?? ''
const withoutBookmarks = (log: EventLog) => seen(log).filter((line) => !line.startsWith('BOOKMARK'))

let sandbox: Sandbox | undefined
const other = process.env.CLUSTERDNS_API_KUBECONFIG ?? ''
const expireCommand = process.env.CLUSTERDNS_API_EXPIRE ?? ''

interface Server {
  readonly title: string
  readonly open: () => Promise<Target>
  /** Makes it forget old versions; undefined where we don't know how. */
  readonly expire: (() => void) | undefined
}

const servers: readonly Server[] = [
  {
    title: 'the sandbox',
    open: async () => {
      sandbox = await startSandbox()
      return { url: sandbox.url }
    },
    expire: () => sandbox?.trouble.expire(),
  },
  ...(other === ''
    ? []
    : [
        {
          title: other,
          open: async () => targetOf(other),
          expire: expireCommand === '' ? undefined : () => void execSync(expireCommand),
        },
      ]),
]

after(() => sandbox?.close())

for (const server of servers) suite(`as an API server: ${server.title}`, () => scenario(server))

function scenario({ open, expire }: Server): void {
  let api: Target
  const get = (path: string) => call(api, 'GET', path)
  const make = (object: object, path = `${space}/configmaps`) => call(api, 'POST', path, object)
  const patch = (path: string, body: object, type = 'application/merge-patch+json') =>
    call(api, 'PATCH', path, body, { 'content-type': type })

  before(async () => {
    api = await open()
    await call(api, 'DELETE', space)
    for (let code = 0; code !== 404; code = (await get(space)).code) await call(api, 'DELETE', space)
    const made = await make({ metadata: { name: 'scenario' } }, '/api/v1/namespaces')
    assert.equal(made.code, 201)
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      assert.equal((await make(configMap(name, {}, { half: name < 'c' ? 'first' : 'second' }))).code, 201)
    }
  })
  after(() => call(api, 'DELETE', space))

  test('a list comes in pages that are of one version, though something changes in between', async () => {
    const first = await get(`${space}/configmaps?limit=2`)
    assert.deepEqual(names(first.body), ['a', 'b'])
    assert.equal(first.body.metadata?.remainingItemCount, 3)
    await make(configMap('bb'))
    const second = await get(`${space}/configmaps?limit=2&continue=${first.body.metadata?.continue}`)
    assert.deepEqual(names(second.body), ['c', 'd'])
    assert.equal(versionOf(second.body), versionOf(first.body))
    const third = await get(`${space}/configmaps?limit=2&continue=${second.body.metadata?.continue}`)
    assert.deepEqual(names(third.body), ['e'])
    assert.equal(third.body.metadata?.continue, undefined)
    assert.deepEqual(names((await get(`${space}/configmaps?limit=9`)).body), ['a', 'b', 'bb', 'c', 'd', 'e'])
    assert.equal((await call(api, 'DELETE', `${space}/configmaps/bb`)).code, 200)
    // What is gone since is still in a list of the version it was in.
    const exact = `${space}/configmaps?resourceVersion=${versionOf(first.body)}&resourceVersionMatch=Exact&limit=100`
    assert.deepEqual(names((await get(exact)).body), ['a', 'b', 'c', 'd', 'e'])
  })

  test('selectors', async () => {
    const of = async (query: string) => names((await get(`${space}/configmaps?${query}`)).body)
    assert.deepEqual(await of('labelSelector=half=first'), ['a', 'b'])
    assert.deepEqual(await of('labelSelector=half%20in%20(first,second),half!=first'), ['c', 'd', 'e'])
    assert.deepEqual(await of('labelSelector=!half'), [])
    assert.deepEqual(await of('fieldSelector=metadata.name=c'), ['c'])
    assert.deepEqual(await of('labelSelector=half=second&limit=2'), ['c', 'd'])
  })

  test('a watch from a version sees every later change once, in order', async () => {
    const list = await get(`${space}/configmaps`)
    await make(configMap('w1'))
    const log = await watch(api, `${space}/configmaps?watch=true&resourceVersion=${versionOf(list.body)}`)
    await patch(`${space}/configmaps/w1`, { data: { key: 'value' } })
    await call(api, 'DELETE', `${space}/configmaps/w1`)
    await log.until(({ events }) => events.length >= 3)
    assert.deepEqual(seen(log), ['ADDED w1', 'MODIFIED w1', 'DELETED w1'])
    const versions = log.events.map(({ object }) => Number(versionOf(object)))
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    )
    assert.equal(new Set(versions).size, 3, 'a deletion has a version of its own')
    log.close()
  })

  test('a watch with a selector sees objects come into it and leave it', async () => {
    const list = await get(`${space}/configmaps`)
    const query = `watch=true&labelSelector=half=third&resourceVersion=${versionOf(list.body)}`
    const log = await watch(api, `${space}/configmaps?${query}`)
    await patch(`${space}/configmaps/a`, { metadata: { labels: { half: 'third' } } })
    await patch(`${space}/configmaps/a`, { data: { key: 'value' } })
    await patch(`${space}/configmaps/a`, { metadata: { labels: { half: 'first' } } })
    await log.until(({ events }) => events.length >= 3)
    assert.deepEqual(seen(log), ['ADDED a', 'MODIFIED a', 'DELETED a'])
    assert.equal(log.events[2]?.object.metadata?.labels?.half, 'third', 'shown as it last belonged')
    log.close()
  })

  test('without a version a watch begins with what there is', async () => {
    for (const version of ['', '&resourceVersion=0']) {
      const log = await watch(api, `${space}/configmaps?watch=true&timeoutSeconds=1${version}`)
      await log.until(({ ended }) => ended !== undefined)
      assert.equal(log.ended, 'closed')
      for (const name of ['a', 'b', 'c', 'd', 'e']) assert.ok(seen(log).includes(`ADDED ${name}`))
    }
  })

  test('a streaming list ends with a bookmark that says so', async () => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const log = await watch(api, `${space}/configmaps?${query}`)
    await log.until((each) => seen(each).includes('BOOKMARK'))
    const bookmark = log.events.at(-1)
    assert.equal(bookmark?.object.metadata?.annotations?.['k8s.io/initial-events-end'], 'true')
    assert.equal(bookmark?.object.kind, 'ConfigMap')
    assert.ok(withoutBookmarks(log).every((line) => line.startsWith('ADDED')))
    const newest = Math.max(...log.events.map(({ object }) => Number(versionOf(object))))
    assert.equal(Number(versionOf(bookmark?.object ?? {})), newest)
    await make(configMap('later'))
    await log.until((each) => seen(each).includes('ADDED later'))
    await call(api, 'DELETE', `${space}/configmaps/later`)
    log.close()
  })

  test('without initial events a watch begins now', async () => {
    const query = 'watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const log = await watch(api, `${space}/configmaps?${query}`)
    await make(configMap('now'))
    await log.until((each) => withoutBookmarks(each).length > 0)
    assert.deepEqual(withoutBookmarks(log), ['ADDED now'])
    await call(api, 'DELETE', `${space}/configmaps/now`)
    log.close()
  })

  test('a version that is yet to come: refused to lists, told to streaming lists, waited for by watches', async () => {
    const list = await get(`${space}/configmaps?resourceVersion=999999999`)
    assert.deepEqual([list.code, list.body.reason], [504, 'Timeout'])
    assert.equal(list.body.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge')
    const query = 'resourceVersion=999999999&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
    const stream = await watch(api, `${space}/configmaps?watch=true&allowWatchBookmarks=true&${query}`)
    await stream.until(({ events }) => events.length > 0)
    assert.deepEqual([stream.code, stream.events[0]?.type, stream.events[0]?.object.code], [200, 'ERROR', 504])
    const silent = await watch(api, `${space}/configmaps?watch=true&resourceVersion=999999999&timeoutSeconds=1`)
    await make(configMap('unseen'))
    await silent.until(({ ended }) => ended !== undefined)
    assert.deepEqual([silent.code, seen(silent), silent.ended], [200, [], 'closed'])
    await call(api, 'DELETE', `${space}/configmaps/unseen`)
  })

  const skip = expire === undefined ? 'needs CLUSTERDNS_API_EXPIRE' : false
  test('history that is forgotten: watches end, old versions are refused', { skip }, async () => {
    const page = await get(`${space}/configmaps?limit=2`)
    const version = versionOf(page.body)
    const before = await watch(api, `${space}/configmaps?watch=true&resourceVersion=${version}`)
    for (const n of ['1', '2']) await patch(`${space}/configmaps/a`, { data: { n } })
    await before.until(({ events }) => events.length >= 2)
    expire?.()
    await before.until(({ ended }) => ended !== undefined)
    await patch(`${space}/configmaps/a`, { data: null })

    const next = await get(`${space}/configmaps?limit=2&continue=${page.body.metadata?.continue}`)
    assert.deepEqual([next.code, next.body.reason], [410, 'Expired'])
    const rest = await get(`${space}/configmaps?limit=2&continue=${next.body.metadata?.continue}`)
    assert.deepEqual(names(rest.body), ['c', 'd'], 'the token in the refusal goes on with what is there now')
    const exact = await get(`${space}/configmaps?resourceVersion=${version}&resourceVersionMatch=Exact&limit=9`)
    assert.deepEqual([exact.code, exact.body.reason], [410, 'Expired'])

    // A server may be busy for a moment.
    let late = await watch(api, `${space}/configmaps?watch=true&resourceVersion=${version}`)
    while (late.code === 429) late = await watch(api, `${space}/configmaps?watch=true&resourceVersion=${version}`)
    await late.until(({ ended }) => ended !== undefined)
    assert.deepEqual([late.code, late.events.map(({ type }) => type)], [200, ['ERROR']])
    assert.deepEqual([late.events[0]?.object.code, late.events[0]?.object.reason], [410, 'Expired'])
  })

  test('options that make no sense together', async () => {
    const refused: readonly (readonly [query: string, field: string])[] = [
      ['resourceVersionMatch=Exact', 'resourceVersionMatch'],
      ['resourceVersion=0&resourceVersionMatch=Exact', 'resourceVersionMatch'],
      ['resourceVersion=1&resourceVersionMatch=Roughly', 'resourceVersionMatch'],
      ['sendInitialEvents=true', 'sendInitialEvents'],
      ['watch=true&sendInitialEvents=true', 'resourceVersionMatch'],
      ['watch=true&resourceVersion=1&resourceVersionMatch=NotOlderThan', 'resourceVersionMatch'],
    ]
    for (const [query, field] of refused) {
      const { code, body } = await get(`${space}/configmaps?${query}`)
      assert.deepEqual([query, code, body.reason], [query, 422, 'Invalid'])
      assert.equal(body.details?.causes?.[0]?.field, field)
    }
    for (const query of [
      'limit=x',
      'continue=x',
      'resourceVersion=x',
      'labelSelector=a%20b%20c',
      'fieldSelector=x=1',
    ]) {
      const { code, body } = await get(`${space}/configmaps?${query}`)
      assert.deepEqual([query, code, body.reason], [query, 400, 'BadRequest'])
    }
  })

  test('an update of another version than the current one is a conflict; of none it is not', async () => {
    const made = await make(configMap('update'))
    const path = `${space}/configmaps/update`
    const changed = await call(api, 'PUT', path, { ...made.body, data: { n: '1' } })
    assert.equal(changed.code, 200)
    const stale = await call(api, 'PUT', path, { ...made.body, data: { n: '2' } })
    assert.deepEqual([stale.code, stale.body.reason], [409, 'Conflict'])
    assert.equal((await call(api, 'PUT', path, configMap('update', { n: '3' }))).code, 200)
    const stalePatch = await patch(path, { metadata: { resourceVersion: versionOf(made.body) }, data: { n: '4' } })
    assert.deepEqual([stalePatch.code, stalePatch.body.reason], [409, 'Conflict'])
    const same = await call(api, 'PUT', path, (await get(path)).body)
    const again = await call(api, 'PUT', path, same.body)
    assert.equal(versionOf(again.body), versionOf(same.body), 'an update that changes nothing is no change')
    const otherUid = { preconditions: { uid: '00000000-0000-0000-0000-000000000000' } }
    const kept = await call(api, 'DELETE', path, otherUid)
    assert.deepEqual([kept.code, kept.body.reason], [409, 'Conflict'])
    const gone = await call(api, 'DELETE', path)
    assert.deepEqual([gone.code, gone.body.kind, gone.body.status], [200, 'Status', 'Success'])
  })

  test('patches: merge, JSON and strategic', async () => {
    await make(configMap('patch', { a: '1', b: '2' }))
    const path = `${space}/configmaps/patch`
    assert.deepEqual((await patch(path, { data: { a: null, c: '3' } })).body.data, { b: '2', c: '3' })
    const operations = [
      { op: 'test', path: '/data/b', value: '2' },
      { op: 'replace', path: '/data/b', value: '20' },
      { op: 'move', from: '/data/c', path: '/data/d' },
    ]
    assert.deepEqual((await patch(path, operations, 'application/json-patch+json')).body.data, { b: '20', d: '3' })
    const unfit = await patch(path, [{ op: 'test', path: '/data/b', value: '0' }], 'application/json-patch+json')
    assert.deepEqual([unfit.code, unfit.body.reason], [422, 'Invalid'])
    const strategic = 'application/strategic-merge-patch+json'
    const add = { metadata: { finalizers: ['example.org/one'] } }
    assert.deepEqual((await patch(path, add, strategic)).body.metadata?.finalizers, ['example.org/one'])
    const drop = { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.org/one'] } }
    assert.equal((await patch(path, drop, strategic)).body.metadata?.finalizers, undefined)
    assert.equal((await call(api, 'PATCH', path, {}, { 'content-type': 'application/json' })).code, 415)
    assert.equal((await patch(`${space}/configmaps/none`, {})).code, 404)
    await call(api, 'DELETE', path)
  })

  test('server-side apply: fields that are no longer wanted go, another manager is a conflict', async () => {
    const path = `${space}/configmaps/applied`
    const apply = (manager: string, data: object, more = '') =>
      patch(
        `${path}?fieldManager=${manager}${more}`,
        { ...configMap('applied'), metadata: { name: 'applied' }, data },
        'application/apply-patch+yaml',
      )
    const created = await apply('one', { a: '1', b: '2' })
    assert.equal(created.code, 201)
    assert.deepEqual((await apply('one', { a: '1' })).body.data, { a: '1' })
    assert.deepEqual((await apply('two', { c: '3' })).body.data, { a: '1', c: '3' })
    const refused = await apply('two', { a: '9', c: '3' })
    assert.deepEqual([refused.code, refused.body.reason], [409, 'Conflict'])
    assert.deepEqual(refused.body.details?.causes?.[0]?.field, '.data.a')
    const forced = await apply('two', { a: '9' }, '&force=true')
    assert.deepEqual([forced.code, forced.body.data], [200, { a: '9' }])
    const managers = forced.body.metadata?.managedFields?.map(({ manager }) => manager)
    assert.ok(managers?.includes('two'))
    const nobody = await patch(path, configMap('applied'), 'application/apply-patch+yaml')
    assert.deepEqual([nobody.code, nobody.body.reason], [422, 'Invalid'])
    await call(api, 'DELETE', path)
  })

  test('a finalizer holds a deleted object back', async () => {
    await make({ ...configMap('held'), metadata: { name: 'held', finalizers: ['example.org/hold'] } })
    const path = `${space}/configmaps/held`
    const marked = await call(api, 'DELETE', path)
    assert.equal(marked.code, 200)
    assert.notEqual((await get(path)).body.metadata?.deletionTimestamp, undefined)
    assert.equal((await patch(path, { metadata: { finalizers: null } })).code, 200)
    assert.equal((await get(path)).code, 404)
  })

  test('deletecollection takes what is selected', async () => {
    for (const name of ['x1', 'x2', 'y']) await make(configMap(name, {}, { set: name.slice(0, 1) }))
    assert.equal((await call(api, 'DELETE', `${space}/configmaps?labelSelector=set=x`)).code, 200)
    assert.deepEqual(names((await get(`${space}/configmaps?labelSelector=set`)).body), ['y'])
    await call(api, 'DELETE', `${space}/configmaps/y`)
  })

  test('what can be refused, is', async () => {
    const refused: readonly (readonly [
      method: string,
      path: string,
      body: object | string | undefined,
      code: number,
      reason: string,
    ])[] = [
      ['GET', '/api/v1/nothings', undefined, 404, 'NotFound'],
      ['GET', `${space}/configmaps/none`, undefined, 404, 'NotFound'],
      ['GET', `${space}/configmaps/a/none`, undefined, 404, 'NotFound'],
      ['POST', '/api/v1/configmaps', {}, 405, 'MethodNotAllowed'],
      ['DELETE', '/api/v1/configmaps', undefined, 405, 'MethodNotAllowed'],
      ['POST', `${space}/configmaps`, configMap('a'), 409, 'AlreadyExists'],
      ['POST', `${space}/configmaps`, configMap('Not_A_Name'), 422, 'Invalid'],
      ['POST', `${space}/configmaps`, configMap(''), 422, 'Invalid'],
      ['POST', `${space}/configmaps`, configMap('l', {}, { 'not a key': 'x' }), 422, 'Invalid'],
      ['POST', `${space}/configmaps`, configMap('l', {}, { key: 'not a value!' }), 422, 'Invalid'],
      ['POST', `${space}/configmaps`, '{nonsense', 400, 'BadRequest'],
      ['POST', `${space}/configmaps`, { metadata: { name: 'n', namespace: 'other' } }, 400, 'BadRequest'],
      ['POST', `${space}/configmaps`, { ...configMap('n'), data: 'text' }, 400, 'BadRequest'],
      ['POST', `${space}/configmaps`, { ...configMap('n'), kind: 'Service' }, 400, 'BadRequest'],
      ['POST', `${space}/configmaps?fieldValidation=Strict`, { ...configMap('n'), date: {} }, 400, 'BadRequest'],
      ['PUT', `${space}/configmaps/a`, configMap('b'), 400, 'BadRequest'],
      ['PUT', `${space}/configmaps/none`, configMap('none'), 404, 'NotFound'],
      ['POST', '/api/v1/namespaces/none/configmaps', configMap('n'), 404, 'NotFound'],
    ]
    for (const [method, path, body, code, reason] of refused) {
      // A server without admission plugins takes objects of namespaces that don't exist.
      if (path.includes('/namespaces/none/') && sandbox?.url !== api.url) continue
      const answer = await call(api, method, path, body)
      assert.deepEqual([method, path, answer.code, answer.body.reason], [method, path, code, reason])
      assert.deepEqual([answer.body.kind, answer.body.code], ['Status', code])
    }
    const xml = await call(api, 'POST', `${space}/configmaps`, '<a/>', { 'content-type': 'application/xml' })
    assert.deepEqual([xml.code, xml.body.reason], [415, 'UnsupportedMediaType'])
    const accept = await call(api, 'GET', `${space}/configmaps`, undefined, { accept: 'application/xml' })
    assert.deepEqual([accept.code, accept.body.reason], [406, 'NotAcceptable'])
  })

  test('unknown fields are dropped with a warning', async () => {
    const { code, headers, body } = await make({ ...configMap('warned'), date: {} })
    assert.equal(code, 201)
    assert.match(String(headers.warning), /^299 - "unknown field \\"date\\""/)
    assert.equal('date' in body, false)
    await call(api, 'DELETE', `${space}/configmaps/warned`)
  })

  test('a dry run changes nothing', async () => {
    assert.equal((await make(configMap('dry'), `${space}/configmaps?dryRun=All`)).code, 201)
    assert.equal((await get(`${space}/configmaps/dry`)).code, 404)
    assert.equal((await call(api, 'DELETE', `${space}/configmaps/a?dryRun=All`)).code, 200)
    assert.equal((await get(`${space}/configmaps/a`)).code, 200)
  })

  test('a name is generated', async () => {
    const { code, body } = await make({ metadata: { generateName: 'generated-' } })
    assert.equal(code, 201)
    assert.match(body.metadata?.name ?? '', /^generated-[a-z0-9]{5}$/)
    await call(api, 'DELETE', `${space}/configmaps/${body.metadata?.name}`)
  })
}
