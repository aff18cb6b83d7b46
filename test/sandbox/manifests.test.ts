import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseManifests, parseYaml, printYaml, readManifests } from '../../src/sandbox/manifests.ts'

const one = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n'

test('documents, lists of them, and empty ones', () => {
  const names = (text: string) => parseManifests(text, 'test').map(({ metadata }) => metadata.name)
  assert.deepEqual(names(one), ['one'])
  assert.deepEqual(names(`---\n${one}---\n# nothing\n---\n${one.replace('one', 'two')}`), ['one', 'two'])
  const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n`
  assert.deepEqual(names(list), ['a', 'b'])
  assert.deepEqual(names('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "json"}}'), ['json'])
  const [dated] = parseManifests(`${one}data: {when: 2026-01-02, yes: "no"}\n`, 'test')
  assert.equal(typeof (dated as unknown as { data: { when: unknown } }).data.when, 'string')
})

test('what can not be read names its source', () => {
  for (const text of ['a: {', 'just text', 'kind: Pod\nmetadata: {}', 'apiVersion: v1\nkind: Pod']) {
    assert.throws(() => parseManifests(text, 'the file'), /^Error: the file: /, text)
  }
})

test('files and folders, in the order of their names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-manifests-'))
  try {
    writeFileSync(join(folder, 'b.yml'), one.replace('one', 'b'))
    writeFileSync(join(folder, 'a.yaml'), one.replace('one', 'a'))
    writeFileSync(join(folder, 'c.json'), JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c' } }))
    writeFileSync(join(folder, 'notes.txt'), 'not a manifest: {')
    const names = (path: string) => readManifests(path).map(({ metadata }) => metadata.name)
    assert.deepEqual(names(folder), ['a', 'b', 'c'])
    assert.deepEqual(names(join(folder, 'b.yml')), ['b'])
    writeFileSync(join(folder, 'd.yaml'), 'a: {')
    assert.throws(() => readManifests(folder), /d\.yaml: /)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what is printed is read again', () => {
  const value = { a: [1, 'two', { three: null }], 'b c': 'yes', d: '1' }
  assert.deepEqual(parseYaml(printYaml(value)), value)
})
