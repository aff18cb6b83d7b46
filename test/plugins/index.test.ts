import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { checkCorefile } from '../../src/cli/corefile.ts'
import { coreDnsDirectives, knownDirectives, plugins } from '../../src/plugins/index.ts'

const names = plugins.map((plugin) => plugin.name)

test('plugins are met in the order of CoreDNS', () => {
  assert.deepEqual(
    names,
    coreDnsDirectives.filter((name) => names.includes(name)),
  )
})

test('every directive of CoreDNS is supported or missing', () => {
  const { supported, missing } = knownDirectives
  assert.deepEqual([...supported], names)
  assert.deepEqual(
    coreDnsDirectives.filter((name) => supported.has(name) === missing.has(name)),
    [],
  )
  assert.equal(new Set(coreDnsDirectives).size, coreDnsDirectives.length)
})

suite('what is not here', () => {
  const page = readFileSync(new URL('../../docs/migrating.md', import.meta.url), 'utf8')
  const rows = page.slice(page.indexOf('## What is missing')).matchAll(/^\| (`.*?) \| (.+) \|$/gm)
  const instead = new Map([...rows].flatMap(([, what = '', advice]) => what.split(', ').map((one) => [one, advice])))
  const refuses = (corefile: string, message: string) =>
    assert.throws(
      () => checkCorefile(corefile, { file: 'Corefile', port: 53, warn: () => undefined }),
      new RegExp(`${message} is not supported here; docs/migrating.md says what to do instead$`),
    )

  for (const name of knownDirectives.missing) {
    test(name, () => {
      refuses(`. {\n  ${name} a b {\n    c d\n  }\n  whoami\n}\n`, `Corefile:2 - .*Directive '${name}'`)
      assert.notEqual(
        instead.get(`\`${name}\``),
        undefined,
        `docs/migrating.md does not say what to do without ${name}`,
      )
    })
  }
  for (const scheme of ['quic', 'https3', 'grpc', 'unix']) {
    test(`${scheme}://`, () => {
      refuses(`${scheme}://. {\n  whoami\n}\n`, `'${scheme}://.': ${scheme}://`)
      assert(page.includes(`\`${scheme}://\``))
    })
  }
  test('what the page says is missing is', () => {
    const words = [...instead.keys()].flatMap((text) => /^`(\w+)`$/.exec(text)?.[1] ?? [])
    assert.deepEqual(
      words.filter((word) => knownDirectives.supported.has(word)),
      [],
    )
  })
})
