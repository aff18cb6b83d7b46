import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { MainContext } from '../../src/plugin.ts'
import { period, reload } from '../../src/plugins/reload.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'
import { samplesOf } from '../samples.ts'

suite('stanzas', () => {
  const good: Readonly<Record<string, unknown>> = {
    reload: { interval: 30_000, jitter: 15_000 },
    'reload 10s': { interval: 10_000, jitter: 5000 },
    'reload 10s 2s': { interval: 10_000, jitter: 2000 },
    'reload 2s 0s': { interval: 2000, jitter: 0 },
    'reload 2s 0': { interval: 2000, jitter: 0 },
    'reload 1m30s 1m': { interval: 90_000, jitter: 45_000 },
    // CoreDNS looks neither into the block nor at further directives.
    'reload 3s {\n  x\n}': { interval: 3000, jitter: 1500 },
    'reload 3s\nreload 1s': { interval: 3000, jitter: 1500 },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(reload, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'reload foo': 'time: invalid duration "foo"',
    'reload 10s foo': 'time: invalid duration "foo"',
    'reload 5': 'time: missing unit in duration "5"',
    'reload 10s 5s foo': "Wrong argument count or unexpected line ending after 'foo'",
    'reload 1s': 'interval value must be greater or equal to 2s',
    'reload 0s': 'interval value must be greater or equal to 2s',
    'reload -5s': 'interval value must be greater or equal to 2s',
    'reload 3s 0.5s': 'jitter value must be 0 or greater or equal to 1s',
    'reload 3s -1s': 'jitter value must be 0 or greater or equal to 1s',
    'reload 1s\nreload': 'interval value must be greater or equal to 2s',
  }
  for (const [stanza, problem] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(
        () => configOf(reload, stanza),
        isCorefileError(`plugin/reload: Corefile:2 - Error during parsing: ${problem}`),
      ),
    )
  }
})

test('the jitter goes half before and half after', () => {
  for (const [random, expected] of [
    [0, 22_500],
    [0.5, 30_000],
    [0.999, 37_485],
  ] as const) {
    assert.equal(period({ interval: 30_000, jitter: 15_000 }, random), expected)
  }
  assert.equal(period({ interval: 2000, jitter: 0 }, 0.9), 2000)
})

type Server = MainContext['server']

/** The background work of stanzas, one per server block, with a clock of the test's and a server that answers so. */
function begin(t: TestContext, stanzas: readonly string[], server: Partial<Server>) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const end = new AbortController()
  t.after(() => end.abort())
  const { log, lines } = recordLog()
  const context = mainContext(end.signal, { server, log: log.plugin('reload') })
  for (const stanza of stanzas) assert.deepEqual(reload.background?.(configOf(reload, stanza), context), {})
  const pass = async (time: number) => {
    t.mock.timers.tick(time)
    // What a look was told is written down when its promise is settled.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { lines, pass, end: () => end.abort() }
}

const versions = () => Object.keys(samplesOf('coredns_reload_version_info'))
const failures = () => samplesOf('coredns_reload_failed_total')['']

suite('the look-out', () => {
  test('says what is running, and looks every interval until the end', async (t) => {
    let looks = 0
    const reloadChanged = async () => {
      looks++
      return false
    }
    const { lines, pass, end } = begin(t, ['reload 10s 0'], { digest: 'abc', reloadChanged })
    assert.deepEqual(lines, ['[INFO] plugin/reload: Running configuration SHA512 = abc'])
    assert.deepEqual(versions(), ['hash="sha512",value="abc"'])
    await pass(9999)
    assert.equal(looks, 0)
    await pass(1)
    assert.equal(looks, 1)
    await pass(10_000)
    assert.equal(looks, 2)
    end()
    await pass(60_000)
    assert.equal(looks, 2)
    assert.deepEqual(versions(), [])
    assert.equal(lines.length, 1)
  })

  test('is one for all server blocks, at the interval of the last', async (t) => {
    let looks = 0
    const reloadChanged = async () => {
      looks++
      return false
    }
    const { lines, pass, end } = begin(t, ['reload 2s 0', 'reload 5s 0'], { reloadChanged })
    assert.equal(lines.length, 1)
    await pass(4999)
    assert.equal(looks, 0)
    await pass(1)
    assert.equal(looks, 1)
    end()
    await pass(60_000)
    assert.equal(looks, 1)
  })

  test('tells and counts what is refused, and goes on', async (t) => {
    const before = failures() ?? 0
    const answers = [new Error("Corefile:2 - Error during parsing: Unknown directive 'x'"), undefined]
    const { lines, pass } = begin(t, ['reload 2s 0'], {
      reloadChanged: async () => {
        const answer = answers.shift()
        if (answer !== undefined) throw answer
        return true
      },
    })
    await pass(2000)
    const told =
      "[ERROR] plugin/reload: Corefile changed but reload failed: Corefile:2 - Error during parsing: Unknown directive 'x'"
    assert.deepEqual(lines.slice(1), [told])
    assert.equal(failures(), before + 1)
    await pass(2000)
    assert.deepEqual(lines.slice(1), [told])
    assert.equal(failures(), before + 1)
    assert.deepEqual(answers, [])
  })

  test('looks once at a time', async (t) => {
    const asked: PromiseWithResolvers<boolean>[] = []
    const reloadChanged = () => {
      const answer = Promise.withResolvers<boolean>()
      asked.push(answer)
      return answer.promise
    }
    const { pass } = begin(t, ['reload 2s 0'], { reloadChanged })
    await pass(2000)
    await pass(2000)
    assert.equal(asked.length, 1)
    asked[0]?.resolve(false)
    await pass(0)
    await pass(2000)
    assert.equal(asked.length, 2)
  })

  test('a version is shown as long as any configuration has it', (t) => {
    const first = begin(t, ['reload'], { digest: 'same' })
    const second = new AbortController()
    reload.background?.(configOf(reload, 'reload'), mainContext(second.signal, { server: { digest: 'same' } }))
    first.end()
    assert.deepEqual(versions(), ['hash="sha512",value="same"'])
    second.abort()
    assert.deepEqual(versions(), [])
  })
})
