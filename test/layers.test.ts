// Who may import whom: the layers of ARCHITECTURE.md.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src', import.meta.url))

/** A module of src, as `server/chain.ts`, and what it imports: modules of src likewise, others by their name. */
interface Module {
  readonly path: string
  readonly imports: readonly Import[]
}

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

/** The imports in a text: statements, re-exports, and calls of import(). Relative ones are resolved from `path`. */
function importsOf(text: string, path: string): Import[] {
  const statement =
    /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm
  return [...text.matchAll(statement)].map(([, type, stated, called]) => {
    const from = stated ?? called ?? ''
    return { from: from.startsWith('.') ? normalize(join(dirname(path), from)) : from, typeOnly: type !== undefined }
  })
}

const modules: readonly Module[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => ({ path, imports: importsOf(readFileSync(join(source, path), 'utf8'), path) }))

/**
 * Of each layer (a folder or a file of src) the layers it may import from, besides itself. The first that a path is in
 * counts.
 */
const layers: readonly (readonly [layer: string, known: readonly string[]])[] = [
  ['dns/', []],
  ['clock.ts', []],
  ['hash.ts', []],
  ['maybe.ts', []],
  ['log.ts', []],
  ['metrics.ts', []],
  ['query-metrics.ts', ['dns/', 'metrics.ts']],
  ['process-metrics.ts', []],
  ['exposition.ts', ['metrics.ts', 'process-metrics.ts']],
  ['dns2.ts', []],
  ['http.ts', []],
  ['fair-places.ts', []],
  ['regexp.ts', []],
  ['yaml.ts', []],
  ['version.ts', []],
  ['client-auth.ts', []],
  ['corefile/', ['dns/']],
  ['plugin.ts', ['dns/', 'corefile/', 'client-auth.ts', 'log.ts', 'maybe.ts']],
  ['cluster/', ['dns/', 'hash.ts', 'log.ts', 'metrics.ts', 'maybe.ts']],
  ['resolver/', ['dns/']],
  ['sandbox/', ['log.ts', 'http.ts', 'yaml.ts']],
  ['plugins/index.ts', ['plugins/', 'plugin.ts', 'corefile/']],
  [
    'plugins/',
    [
      'plugin.ts',
      'cluster/',
      'resolver/',
      'client-auth.ts',
      'corefile/',
      'dns/',
      'clock.ts',
      'hash.ts',
      'log.ts',
      'http.ts',
      'fair-places.ts',
      'maybe.ts',
      'metrics.ts',
      'query-metrics.ts',
      'exposition.ts',
      'version.ts',
      'regexp.ts',
      'yaml.ts',
    ],
  ],
  [
    'server/',
    [
      'plugins/index.ts',
      'plugin.ts',
      'client-auth.ts',
      'corefile/',
      'dns/',
      'dns2.ts',
      'fair-places.ts',
      'log.ts',
      'http.ts',
      'maybe.ts',
      'metrics.ts',
      'query-metrics.ts',
      'version.ts',
    ],
  ],
  ['explain/', ['resolver/', 'cluster/', 'dns/', 'dns2.ts', 'plugins/kubernetes/']],
  [
    'cli/',
    [
      'server/',
      'sandbox/',
      'resolver/',
      'explain/',
      'corefile/',
      'dns/',
      'log.ts',
      'maybe.ts',
      'plugins/index.ts',
      'version.ts',
    ],
  ],
  ['main.ts', ['cli/']],
]

const within = (path: string, layer: string): boolean =>
  path === layer || (layer.endsWith('/') && path.startsWith(layer))
const layerOf = (path: string) => layers.find(([layer]) => within(path, layer))

/** The plugin a module belongs to: `log` of `plugins/log.ts` and of `plugins/log/format.ts`. */
const pluginOf = (path: string): string | undefined => /^plugins\/([^/]+?)(?:\.ts|\/)/.exec(path)?.[1]

/** What is wrong with the imports of a module, in words. */
function violations({ path, imports }: Module): string[] {
  const layer = layerOf(path)
  if (layer === undefined) return [`${path} is in no layer`]
  const [own, known] = layer
  return imports
    .filter(({ from }) => from.endsWith('.ts'))
    .flatMap(({ from, typeOnly }) => {
      const told = `${path} imports ${from}`
      const ownPlugin = own === 'plugins/' ? pluginOf(path) : undefined
      if (ownPlugin !== undefined && within(from, own)) return pluginOf(from) === ownPlugin ? [] : [told]
      if (path === 'plugin.ts' && !typeOnly) return [`${told}, and not as types only`]
      return within(from, own) || known.some((other) => within(from, other)) ? [] : [told]
    })
}

/** The package of an import that is neither ours nor Node's: `@kubernetes/client-node` of `@kubernetes/client-node/dist/x.js`. */
function packageOf(from: string): string | undefined {
  if (from.endsWith('.ts') || from.startsWith('node:') || builtinModules.includes(from)) return undefined
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')
}

suite('layers', () => {
  for (const module of modules) test(module.path, () => assert.deepEqual(violations(module), []))

  test('each has modules, or will have', () => {
    const planned = ['resolver/', 'explain/']
    const empty = layers
      .map(([layer]) => layer)
      .filter((layer) => !modules.some(({ path }) => layerOf(path)?.[0] === layer))
    assert.deepEqual(
      empty.filter((layer) => !planned.includes(layer)),
      [],
    )
  })
})

suite('packages', () => {
  const importers = new Map<string, Set<string>>()
  for (const { path, imports } of modules) {
    for (const { from } of imports) {
      const name = packageOf(from)
      if (name !== undefined) importers.set(name, (importers.get(name) ?? new Set()).add(path))
    }
  }
  test('each is imported by one module', () => {
    const several = [...importers]
      .filter(([, paths]) => paths.size > 1)
      .map(([name, paths]) => `${name}: ${[...paths].join(' ')}`)
    assert.deepEqual(several, [])
  })
  test('what is imported is depended on', () => {
    type Packages = Readonly<Record<string, string>>
    const manifest = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8')) as Record<string, Packages>
    const known = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
    assert.deepEqual(
      [...importers.keys()].filter((name) => !known.includes(name)),
      [],
    )
  })
  test("Node's own are imported as such", () => {
    const bare = modules.flatMap(({ path, imports }) =>
      imports.filter(({ from }) => builtinModules.includes(from)).map(({ from }) => `${path}: ${from}`),
    )
    assert.deepEqual(bare, [])
  })
})

suite('this test', () => {
  test('finds every kind of import', () => {
    const text = [
      "import { a } from './a.ts'",
      "import type { B } from '../b.ts'",
      'import {',
      '  c,',
      '  type D,',
      "} from 'c-package/sub.js'",
      "import 'node:e'",
      "export { f } from './f/f.ts'",
      "export type { G } from './g.ts'",
      "const h = await import('./h.ts')",
      "import i, { j } from '@scope/i'",
      "// import { no } from './comment.ts'",
      'const text = "import { no } from \'./text.ts\'"',
    ].join('\n')
    assert.deepEqual(importsOf(text, 'plugins/x/y.ts'), [
      { from: 'plugins/x/a.ts', typeOnly: false },
      { from: 'plugins/b.ts', typeOnly: true },
      { from: 'c-package/sub.js', typeOnly: false },
      { from: 'node:e', typeOnly: false },
      { from: 'plugins/x/f/f.ts', typeOnly: false },
      { from: 'plugins/x/g.ts', typeOnly: true },
      { from: 'plugins/x/h.ts', typeOnly: false },
      { from: '@scope/i', typeOnly: false },
    ])
    assert.deepEqual(['c-package/sub.js', '@scope/i/j', 'node:e', 'fs', 'a.ts'].map(packageOf), [
      ...['c-package', '@scope/i', undefined, undefined, undefined],
    ])
  })

  const one = (path: string, from: string, typeOnly = false) => violations({ path, imports: [{ from, typeOnly }] })
  const wrong: readonly (readonly [path: string, from: string])[] = [
    ['dns/name.ts', 'log.ts'],
    ['dns/name.ts', 'corefile/lex.ts'],
    ['maybe.ts', 'dns/name.ts'],
    ['corefile/parse.ts', 'plugin.ts'],
    ['plugin.ts', 'dns/name.ts'],
    ['cluster/store.ts', 'corefile/lex.ts'],
    ['sandbox/sandbox.ts', 'cluster/store.ts'],
    ['plugins/errors.ts', 'plugins/log/format.ts'],
    ['plugins/log/format.ts', 'plugins/errors.ts'],
    ['plugins/errors.ts', 'plugins/index.ts'],
    ['plugins/errors.ts', 'server/chain.ts'],
    ['server/chain.ts', 'plugins/errors.ts'],
    ['server/chain.ts', 'cluster/store.ts'],
    ['main.ts', 'server/server.ts'],
    ['utils/x.ts', 'dns/name.ts'],
  ]
  for (const [path, from] of wrong) test(`refuses ${from} in ${path}`, () => assert.equal(one(path, from).length, 1))
  const right: readonly (readonly [path: string, from: string])[] = [
    ['dns/rdata.ts', 'dns/name.ts'],
    ['plugins/log/index.ts', 'plugins/log/format.ts'],
    ['plugins/index.ts', 'plugins/errors.ts'],
    ['server/worker.ts', 'plugins/index.ts'],
    ['main.ts', 'cli/check.ts'],
  ]
  for (const [path, from] of right) test(`takes ${from} in ${path}`, () => assert.deepEqual(one(path, from), []))
  test('takes types in plugin.ts', () => assert.deepEqual(one('plugin.ts', 'dns/name.ts', true), []))
})
