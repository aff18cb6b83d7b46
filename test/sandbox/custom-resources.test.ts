import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { call, watch } from './api-client.ts'
import { withSandbox } from './with-sandbox.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const widgets = '/apis/example.org/v1/namespaces/default/widgets'

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 1, maximum: 9 },
        color: { type: 'string', enum: ['red', 'green'], default: 'red' },
        code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
        port: { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
        tags: { type: 'object', additionalProperties: { type: 'string' } },
        parts: { type: 'array', maxItems: 2, items: { type: 'object', properties: { name: { type: 'string' } } } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        perhaps: { type: 'string', nullable: true },
      },
    },
    status: { type: 'object', properties: { done: { type: 'boolean' } } },
  },
}

interface Definition {
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
}

function definition({ names = {}, openAPIV3Schema = schema as object, name = 'widgets.example.org' } = {}): Definition {
  return {
    metadata: { name },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], ...names },
      versions: [
        { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } },
      ],
    },
  }
}

const widget = (spec: object, name = 'one') => ({
  apiVersion: 'example.org/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
})

test('a definition is established, its kind found, its objects written, watched and gone with it', async () => {
  await withSandbox({}, async (sandbox) => {
    assert.equal((await call(sandbox, 'GET', widgets)).code, 404)
    assert.equal((await call(sandbox, 'POST', `${definitions}?dryRun=All`, definition())).code, 201)
    assert.equal((await call(sandbox, 'GET', widgets)).code, 404, 'a dry run serves nothing')
    const { code, body } = await call(sandbox, 'POST', definitions, definition())
    assert.equal(code, 201)
    const { conditions } = body.status as { conditions: { type: string; status: string }[] }
    assert.deepEqual(
      conditions.map(({ type, status }) => `${type} ${status}`),
      ['NamesAccepted True', 'Established True'],
    )
    const { text } = await call(sandbox, 'GET', '/apis/example.org/v1')
    assert.match(text, /"name":"widgets".*"kind":"Widget".*"name":"widgets\/status"/)
    const { text: described } = await call(sandbox, 'GET', '/openapi/v3/apis/example.org/v1')
    assert.match(described, /"org\.example\.v1\.Widget":.*"maxItems":2/)

    const log = await watch(sandbox, `${widgets}?watch=true`)
    const made = await call(sandbox, 'POST', widgets, { ...widget({ size: 1 }), status: { done: true } })
    assert.deepEqual([made.code, made.body.spec, made.body.status], [201, { size: 1, color: 'red' }, undefined])
    const done = await call(sandbox, 'PATCH', `${widgets}/one/status`, { status: { done: true } })
    assert.deepEqual([done.body.status, done.body.metadata?.generation], [{ done: true }, 1])
    const odd = await call(sandbox, 'PATCH', `${widgets}/one/status`, { status: { done: 'yes' } })
    assert.deepEqual([odd.code, odd.body.details?.causes?.[0]?.field], [422, 'status.done'])
    const grown = await call(sandbox, 'PATCH', `${widgets}/one`, { spec: { size: 2 }, status: { done: false } })
    assert.deepEqual(
      [grown.body.spec?.size, grown.body.status, grown.body.metadata?.generation],
      [2, { done: true }, 2],
    )
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    assert.equal((await call(sandbox, 'PATCH', `${widgets}/one`, { spec: { size: 3 } }, strategic)).code, 415)
    assert.equal((await call(sandbox, 'GET', widgets)).body.items?.length, 1)

    // What is written again stays the same; a changed schema holds from then on, for what is there, too.
    const version = (await call(sandbox, 'GET', `${definitions}/widgets.example.org`)).body.metadata?.resourceVersion
    const path = `${definitions}/widgets.example.org`
    assert.equal((await call(sandbox, 'PUT', path, definition())).body.metadata?.resourceVersion, version)
    const narrow = { ...schema, properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }
    assert.equal((await call(sandbox, 'PUT', path, definition({ openAPIV3Schema: narrow }))).code, 200)
    const pruned = await call(sandbox, 'PATCH', `${widgets}/one`, { spec: { size: 4, color: 'green' } })
    assert.deepEqual(pruned.body.spec, { size: 4 })

    assert.equal((await call(sandbox, 'DELETE', path)).code, 200)
    assert.equal((await call(sandbox, 'GET', widgets)).code, 404)
    assert.equal((await call(sandbox, 'GET', '/apis/example.org')).code, 404)
    await log.until(({ ended }) => ended !== undefined)
    assert.deepEqual(
      log.events.map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'MODIFIED', 'MODIFIED', 'DELETED'],
    )
    await call(sandbox, 'POST', definitions, definition())
    assert.equal((await call(sandbox, 'GET', widgets)).body.items?.length, 0)
  })
})

test('objects are as their schema wants them', async () => {
  const table: readonly (readonly [spec: object, field: string | undefined, message?: RegExp])[] = [
    [
      { size: 1, port: 80, tags: { a: 'b' }, parts: [{ name: 'x' }], free: { a: [{ b: 1 }] }, perhaps: null },
      undefined,
    ],
    [{ size: 1, port: 'web' }, undefined],
    [{}, 'spec.size', /Required value/],
    [{ size: 'big' }, 'spec.size', /must be of type integer: "string"/],
    [{ size: 1.5 }, 'spec.size', /must be of type integer/],
    [{ size: 0 }, 'spec.size', /greater than or equal to 1/],
    [{ size: 10 }, 'spec.size', /less than or equal to 9/],
    [{ size: 1, color: 'blue' }, 'spec.color', /Unsupported value: "blue": supported values: "red", "green"/],
    [{ size: 1, code: 'A' }, 'spec.code', /should match '\^\[a-z\]\+\$'/],
    [{ size: 1, code: 'abcdef' }, 'spec.code', /at most 5 chars/],
    [{ size: 1, port: true }, 'spec.port', /must be of type integer,string/],
    [{ size: 1, tags: { a: 1 } }, 'spec.tags.a', /must be of type string/],
    [{ size: 1, parts: {} }, 'spec.parts', /must be of type array/],
    [{ size: 1, parts: [{}, {}, {}] }, 'spec.parts', /at most 2 items/],
    [{ size: 1, parts: [{}, { name: 1 }] }, 'spec.parts[1].name', /must be of type string/],
    [{ size: 1, code: null }, 'spec.code', /must be of type string: "null"/],
  ]
  await withSandbox({}, async (sandbox) => {
    await call(sandbox, 'POST', definitions, definition())
    for (const [spec, field, message] of table) {
      const { code, body } = await call(sandbox, 'POST', `${widgets}?dryRun=All`, widget(spec))
      const fields = body.details?.causes?.map((cause) => cause.field)
      assert.deepEqual([code, fields], field === undefined ? [201, undefined] : [422, [field]], JSON.stringify(spec))
      if (message !== undefined) assert.match(body.message ?? '', message)
    }
    const misspelt = widget({ size: 1, parts: [{ nam: 'x' }], free: { any: 1 } })
    const strict = await call(sandbox, 'POST', `${widgets}?fieldValidation=Strict`, misspelt)
    assert.equal(strict.code, 400)
    assert.match(strict.body.message ?? '', /strict decoding error: unknown field "spec\.parts\[0\]\.nam"$/)
    const lax = await call(sandbox, 'POST', widgets, misspelt)
    assert.deepEqual(lax.body.spec, { size: 1, color: 'red', parts: [{}], free: { any: 1 } })
    assert.match(String(lax.headers.warning), /unknown field/)
  })
})

test('what is no definition is refused, and a name that is taken is not accepted', async () => {
  const table: readonly (readonly [Definition, string])[] = [
    [definition({ name: 'gadgets.example.org' }), 'metadata.name'],
    [definition({ names: { kind: '' } }), 'spec.names.kind'],
    [definition({ openAPIV3Schema: {} }), 'spec.versions[0].schema.openAPIV3Schema.type'],
    [
      definition({ openAPIV3Schema: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } } }),
      'spec.versions[0].schema.openAPIV3Schema.properties[a].pattern',
    ],
  ]
  await withSandbox({}, async (sandbox) => {
    for (const [given, field] of table) {
      const { code, body } = await call(sandbox, 'POST', definitions, given)
      assert.deepEqual([code, body.details?.causes?.map((cause) => cause.field)], [422, [field]])
    }
    await call(sandbox, 'POST', definitions, definition())
    const rival = definition({ name: 'gadgets.example.org', names: { plural: 'gadgets' } })
    assert.match((await call(sandbox, 'POST', definitions, rival)).text, /"status":"False","reason":"KindConflict"/)
    assert.equal((await call(sandbox, 'GET', '/apis/example.org/v1/gadgets')).code, 404)
  })
})

test('objects go with their namespace and their owners', async () => {
  await withSandbox({}, async (sandbox) => {
    sandbox.apply([
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', ...definition() },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'there' } },
      { ...widget({ size: 1 }), metadata: { name: 'one', namespace: 'there' } },
    ])
    const [owner] = sandbox.apply(widget({ size: 1 }, 'owner'))
    const reference = { apiVersion: 'example.org/v1', kind: 'Widget', name: 'owner', uid: owner?.metadata.uid ?? '' }
    const owned = { ...widget({ size: 1 }, 'owned'), metadata: { name: 'owned', ownerReferences: [reference] } }
    sandbox.apply(owned)
    await sandbox.settled()
    assert.equal(sandbox.list('wd').length, 3)
    sandbox.delete('Namespace', '', 'there')
    sandbox.delete('Widget', 'default', 'owner')
    await sandbox.settled()
    assert.deepEqual(sandbox.list('wd'), [])
    assert.equal(sandbox.get('Namespace', '', 'there'), undefined)
  })
})

const found = spawnSync('kubectl', ['version', '--client']).status === 0

suite('kubectl', { skip: found ? false : 'needs kubectl' }, () => {
  test('applies definitions, then their objects, in both ways', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'clusterdns-crd-'))
    t.after(() => rmSync(folder, { recursive: true }))
    await withSandbox({}, async (sandbox) => {
      const kubeconfig = join(folder, 'kubeconfig')
      sandbox.writeKubeconfig(kubeconfig)
      const env = { ...process.env, HOME: folder, KUBECONFIG: kubeconfig }
      const type = (line: string, input = ''): Promise<string> =>
        new Promise((resolve) => {
          const options = { env, timeout: 60_000 }
          const child = execFile('kubectl', line.split(' '), options, (_, stdout, stderr) => resolve(stdout + stderr))
          child.stdin?.end(input)
        })
      const apply = (object: object, more = '') => type(`apply -f -${more}`, JSON.stringify(object))
      const head = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
      assert.match(await apply({ ...head, ...definition() }), /widgets\.example\.org created/)
      assert.match(await type('wait --for=condition=Established crd/widgets.example.org'), /condition met/)
      assert.match(await apply({ ...head, ...definition() }), /widgets\.example\.org unchanged/)
      assert.match(await apply(widget({ size: 1 })), /widget\.example\.org\/one created/)
      assert.match(await apply(widget({ size: 1 })), /unchanged/)
      assert.match(await apply(widget({ size: 2 })), /configured/)
      assert.match(await apply(widget({ size: 3 }, 'two'), ' --server-side'), /two serverside-applied/)
      assert.match(await apply(widget({ sise: 3, size: 1 })), /unknown field "spec\.sise"/)
      assert.match(await apply(widget({ size: 0 })), /spec\.size in body should be greater than or equal to 1/)
      assert.match(await type('get widgets'), /^NAME +AGE\none .*\ntwo /)
      assert.match(await type('get wd one -o jsonpath={.spec}'), /^\{"color":"red","size":2\}$/)
      assert.match(await type('delete crd widgets.example.org'), /deleted/)
      assert.match(await type('get widgets'), /doesn't have a resource type|could not find the requested resource/)
    })
  })
})
