import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds, pathOf } from '../../../src/sandbox/kinds.ts'
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import { sinceText } from '../../../src/sandbox/table/cell.ts'
import { call, watch } from '../api-client.ts'
import { podManifest, serviceManifest, withSandbox } from '../with-sandbox.ts'

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const table = async (sandbox: Sandbox, path: string) => (await call(sandbox, 'GET', path, undefined, { accept })).body

test('columns and rows of pods', async () => {
  await withSandbox({}, async (sandbox) => {
    const annotations = { 'sandbox.clusterdns.io/addresses': '10.1.1.1' }
    sandbox.apply(podManifest('p', { labels: { a: 'b' }, annotations, spec: { nodeName: 'node-1' } }))
    await sandbox.settled()
    const { kind, columnDefinitions, rows } = await table(sandbox, '/api/v1/namespaces/default/pods')
    assert.equal(kind, 'Table')
    assert.deepEqual(
      columnDefinitions?.map(({ name, priority }) => (priority === 0 ? name : `(${name})`)),
      ['Name', 'Ready', 'Status', 'Restarts', 'Age', '(IP)', '(Node)', '(Nominated Node)', '(Readiness Gates)'],
    )
    const cells = [...(rows?.[0]?.cells ?? [])]
    assert.match(String(cells[4]), /^\d+s$/)
    cells[4] = 'age'
    assert.deepEqual(cells, ['p', '1/1', 'Running', '0', 'age', '10.1.1.1', 'node-1', '<none>', '<none>'])
    assert.deepEqual(
      [rows?.[0]?.object?.kind, rows?.[0]?.object?.metadata?.labels],
      ['PartialObjectMetadata', { a: 'b' }],
    )
    const one = await table(sandbox, '/api/v1/namespaces/default/pods/p?includeObject=None')
    assert.deepEqual([one.rows?.length, one.rows?.[0]?.object], [1, undefined])
    const whole = await table(sandbox, '/api/v1/namespaces/default/pods/p?includeObject=Object')
    assert.equal(whole.rows?.[0]?.object?.kind, 'Pod')
    sandbox.delete('pod', 'default', 'p')
  })
})

test('what the columns of services show', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply(
      serviceManifest('lb', { type: 'LoadBalancer', clusterIP: '10.96.9.9', ports: [{ port: 80, nodePort: 30080 }] }),
    )
    sandbox.apply(serviceManifest('name', { type: 'ExternalName', externalName: 'example.org' }))
    sandbox.apply(serviceManifest('out', { clusterIP: 'None', externalIPs: ['192.0.2.1'], selector: { a: 'b' } }))
    const { rows } = await table(sandbox, '/api/v1/namespaces/default/services')
    const shown = rows?.map(({ cells }) => [...cells.slice(0, 5), cells[6]].join(' '))
    assert.deepEqual(shown?.slice(1), [
      'lb LoadBalancer 10.96.9.9 <pending> 80:30080/TCP <none>',
      'name ExternalName <none> example.org 80/TCP <none>',
      'out ClusterIP None 192.0.2.1 80/TCP a=b',
    ])
  })
})

test('every kind has a table, and a list of metadata', async () => {
  await withSandbox({}, async (sandbox) => {
    for (const kind of kinds) {
      const path = `/${pathOf(kind)}/${kind.resource}`
      const { columnDefinitions, rows } = await table(sandbox, path)
      assert.ok((columnDefinitions?.length ?? 0) > 1, kind.kind)
      assert.equal(rows?.length, sandbox.list(kind.kind).length)
      const partial = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
      const { body } = await call(sandbox, 'GET', path, undefined, { accept: partial })
      assert.equal(body.kind, 'PartialObjectMetadataList')
      assert.ok(body.items?.every((item) => item.kind === 'PartialObjectMetadata' && item.spec === undefined))
    }
  })
})

test('a watch of tables has its columns once', async () => {
  await withSandbox({}, async (sandbox) => {
    const log = await watch(sandbox, '/api/v1/namespaces?watch=true', { accept })
    await log.until(({ events }) => events.length === 4)
    assert.deepEqual(
      log.events.map(({ object }) => object.columnDefinitions?.length),
      [3, 0, 0, 0],
    )
    log.close()
  })
})

test('ages', () => {
  const minute = 60
  const hour = 60 * minute
  const day = 24 * hour
  const cases: readonly (readonly [seconds: number, text: string])[] = [
    [0, '0s'],
    [119, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 7, '3m7s'],
    [10 * minute + 7, '10m'],
    [179 * minute, '179m'],
    [3 * hour + 20 * minute, '3h20m'],
    [8 * hour + 20 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day + 5 * hour, '2d5h'],
    [8 * day + 5 * hour, '8d'],
    [800 * day, '2y70d'],
    [3000 * day, '8y'],
  ]
  for (const [seconds, text] of cases) {
    assert.equal(sinceText(new Date(Date.now() - seconds * 1000 - 500).toISOString()), text)
  }
  assert.equal(sinceText(undefined), '<unknown>')
})
