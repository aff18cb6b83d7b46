import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileSource } from '../../src/corefile/load.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { dumpBlocks } from './print.ts'

const folder = mkdtempSync(join(tmpdir(), 'corefile-'))
after(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'custom'))
mkdirSync(join(folder, 'other'))
const files: Readonly<Record<string, string>> = {
  'a.conf': 'log a\n',
  'custom/b.override': 'log b\n',
  'custom/.hidden.override': 'log hidden\n',
  'custom/c.override': 'log c\n',
  'custom/c.server': 'c.org {\n}\n',
  'custom/x*y': 'log star\n',
  'custom/xzy': 'log z\n',
  'other/b.override': 'log other\n',
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
symlinkSync('nowhere', join(folder, 'dangling'))

function source(warnings: string[] = []): ReturnType<typeof fileSource> {
  return fileSource({ file: join(folder, 'Corefile'), port: 53, warn: (message) => warnings.push(message) })
}

suite('patterns', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'a.conf': ['a.conf'],
    'none.conf': [],
    'a.conf/none': [],
    // In order; files that begin with a dot are files.
    'custom/*.override': ['custom/.hidden.override', 'custom/b.override', 'custom/c.override'],
    'custom/?.override': ['custom/b.override', 'custom/c.override'],
    'custom/c.*': ['custom/c.override', 'custom/c.server'],
    '*/b.override': ['custom/b.override', 'other/b.override'],
    'none/*.override': [],
    'custom/x*y': ['custom/x*y', 'custom/xzy'],
    'custom/x\\*y': ['custom/x*y'],
    'c*/c.serve?': ['custom/c.server'],
    dangling: ['dangling'],
  }
  for (const [pattern, expected] of Object.entries(cases)) {
    test(pattern, () => {
      assert.deepEqual(
        source().glob(join(folder, pattern)),
        expected.map((name) => join(folder, name)),
      )
    })
  }
})

suite('imports', () => {
  const blocksOf = (text: string, warnings?: string[]) => dumpBlocks(parseCorefile(text, source(warnings)))

  test('are read from files', () => {
    const text = '. {\n  import a.conf\n  import custom/?.override\n}\nimport custom/*.server'
    assert.deepEqual(blocksOf(text), ['dns://.:53 | log a | log b | log c', 'dns://c.org.:53'])
  })
  test('that are not there', () => {
    const warnings: string[] = []
    assert.deepEqual(blocksOf('. {\n  import none/*.override\n}', warnings), ['dns://.:53'])
    assert.deepEqual(warnings, ['No files matching import glob pattern: none/*.override'])
    assert.throws(
      () => blocksOf('import none.conf'),
      /Corefile:1 - Error during parsing: File to import not found: none.conf$/,
    )
  })
  test('of what is no file', () => {
    assert.throws(() => blocksOf('import custom'), /Could not import .*\/custom: is a directory$/)
    assert.throws(() => blocksOf('import dangling'), /Could not import .*\/dangling: ENOENT/)
    assert.throws(() => blocksOf('import [a'), /Failed to use import pattern \[a: syntax error in pattern$/)
  })
  test('variables are those of the process', () => {
    process.env.COREFILE_TEST_ZONE = 'example.org'
    assert.deepEqual(blocksOf('{$COREFILE_TEST_ZONE} {\n}'), ['dns://example.org.:53'])
  })
})
