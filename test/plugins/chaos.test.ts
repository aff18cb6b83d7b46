import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { suite, test } from 'node:test'
import { Class } from '../../src/dns/codes.ts'
import { reply } from '../../src/dns/reply.ts'
import { printRecords } from '../../src/dns/text.ts'
import { chaos } from '../../src/plugins/chaos.ts'
import { configOf, isCorefileError, queryOf, workerContext } from '../context.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const own = `clusterdns-${version}`
const authors = ['the clusterdns authors']

suite('stanzas', () => {
  const good: Readonly<Record<string, ReturnType<typeof configOf<unknown>>>> = {
    chaos: { version: own, authors },
    'chaos {\n}': { version: own, authors },
    'chaos v1': { version: 'v1', authors },
    'chaos v1 Miek "A B" Miek': { version: 'v1', authors: ['A B', 'Miek'] },
    'chaos v1\nchaos v2 {\n  x\n}': { version: 'v1', authors },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(chaos, stanza), config))
  }
  test('a property', () => {
    assert.throws(
      () => configOf(chaos, 'chaos v1 {\n  x y\n}'),
      isCorefileError("plugin/chaos: Corefile:3 - Error during parsing: unknown property 'x'"),
    )
  })
})

suite('answers', () => {
  const long = 'x'.repeat(300)
  const answersOf = async (stanza: string, question: string, klass: number = Class.CH) => {
    const handler = chaos.handler?.(configOf(chaos, stanza), workerContext())
    assert(handler !== undefined)
    const passed = reply({})
    const got = await handler(queryOf(question, { class: klass }), () => passed)
    if (got === passed) return 'next'
    assert.deepEqual({ ...got, answer: [] }, reply({ plugin: 'chaos' }))
    return got.answer.flatMap(printRecords)
  }
  const cases: readonly (readonly [stanza: string, question: string, answer: 'next' | readonly string[]])[] = [
    ['chaos v1 b a', 'version.bind. TXT', ['version.bind. 0 CH TXT "v1"']],
    ['chaos v1 b a', 'Version.Server. TXT', ['Version.Server. 0 CH TXT "v1"']],
    ['chaos v1 b a', 'authors.bind. TXT', ['authors.bind. 0 CH TXT "a"', 'authors.bind. 0 CH TXT "b"']],
    ['chaos v1', 'authors.bind. TXT', ['authors.bind. 0 CH TXT "the clusterdns authors"']],
    ['chaos', 'version.bind. TXT', [`version.bind. 0 CH TXT "${own}"`]],
    ['chaos', 'hostname.bind. TXT', [`hostname.bind. 0 CH TXT "${hostname()}"`]],
    ['chaos', 'id.server. TXT', [`id.server. 0 CH TXT "${hostname()}"`]],
    [`chaos ${long}`, 'version.bind. TXT', [`version.bind. 0 CH TXT "${long.slice(0, 255)}"`]],
    ['chaos é', 'version.bind. TXT', ['version.bind. 0 CH TXT "\\195\\169"']],
    ['chaos', 'version.bind. A', 'next'],
    ['chaos', 'bind. TXT', 'next'],
  ]
  for (const [stanza, question, answer] of cases) {
    test(`${stanza.slice(0, 20)}: ${question}`, async () => assert.deepEqual(await answersOf(stanza, question), answer))
  }
  test('other classes are for those after us', async () => {
    for (const klass of [Class.IN, Class.HS, Class.ANY]) {
      assert.equal(await answersOf('chaos', 'version.bind. TXT', klass), 'next')
    }
  })
})
