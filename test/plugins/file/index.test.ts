import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { decodeMessage } from '../../../src/dns/decode.ts'
import { parseName } from '../../../src/dns/name.ts'
import { printRecords } from '../../../src/dns/text.ts'
import type { Background } from '../../../src/plugin.ts'
import { file } from '../../../src/plugins/file/index.ts'
import { copiesOf, type ZoneCopies } from '../../../src/plugins/file/zone-copies.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../../context.ts'
import { ask, question } from '../../server/ask.ts'
import { folderFor, serve as serveProgram, start } from '../../server/process.ts'

const source = (origin: string, path: string, reload = 60_000, byMtime = false) => ({
  origin: parseName(origin),
  file: path,
  reload,
  byMtime,
})

suite('stanzas', () => {
  for (const [stanza, sources, fallthrough] of [
    ['file db', [source('.', 'db')], []],
    ['file db a.test B.test', [source('a.test.', 'db'), source('b.test.', 'db')], []],
    ['file db a.test {\n reload 10s\n reload_by_mtime\n}', [source('a.test.', 'db', 10_000, true)], []],
    ['file db {\n reload 0\n upstream\n fallthrough\n}', [source('.', 'db', 0)], ['.']],
    // What one directive says holds for those after it, and fallthrough for all.
    [
      'file a a.test {\n reload 1s\n}\nfile b b.test {\n fallthrough b.test\n}',
      [source('a.test.', 'a', 1000), source('b.test.', 'b', 1000)],
      ['b.test.'],
    ],
    ['file a a.test\nfile b a.test', [source('a.test.', 'b')], []],
  ] as const) {
    test(stanza.replace(/\s+/g, ' '), () => {
      const config = configOf(file, stanza)
      assert.deepEqual(config.sources, sources)
      assert.deepEqual(
        config.fallthrough,
        fallthrough.map((zone) => parseName(zone)),
      )
    })
  }

  for (const [stanza, message] of [
    [
      'file',
      "plugin/file: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'file'",
    ],
    ['file db {\n reload -1s\n}', 'plugin/file: Corefile:3 - Error during parsing: negative duration for reload: -1s'],
    ['file db {\n foo\n}', "plugin/file: Corefile:3 - Error during parsing: unknown property 'foo'"],
  ] as const) {
    test(`${stanza.replace(/\s+/g, ' ')} is refused`, () =>
      assert.throws(() => configOf(file, stanza), isCorefileError(message)))
  }
})

const zone = (serial: number, more = '') => `$TTL 5\n@ SOA ns admin ${serial} 2 3 4 5\n${more}`

interface Served {
  readonly lines: string[]
  /** What a worker has. */
  copies(): Promise<ZoneCopies>
  /** The records of a zone, as they are once it is another than before. */
  changed(origin: string, before?: readonly string[]): Promise<readonly string[]>
  again(): Promise<Background>
}

/** The main thread's part, with a worker's that hears it. */
async function serve(t: TestContext, stanza: string): Promise<Served> {
  const end = new AbortController()
  const { log, lines } = recordLog()
  const context = mainContext(end.signal, { log })
  const again = async () => (await file.background?.(configOf(file, stanza), context)) ?? assert.fail('nothing')
  const { feed } = await again()
  const { port1, port2 } = new MessageChannel()
  t.after(() => {
    end.abort()
    port1.close()
  })
  const opened = feed?.open(port1)
  const copies = copiesOf(port2)
  port2.ref()
  await opened
  const recordsOf = (origin: string) => [...(copies.zone(parseName(origin))?.records() ?? [])].flatMap(printRecords)
  return {
    lines,
    again,
    copies: async () => {
      await copies.told
      return copies
    },
    changed: async (origin, before = []) => {
      for (;;) {
        const records = recordsOf(origin)
        if (records.join() !== before.join()) return records
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  }
}

const soa = (serial: number, origin = 'a.test.') => `${origin} 5 IN SOA ns.${origin} admin.${origin} ${serial} 2 3 4 5`

test('a file is read at the start, for each of its zones, with what it includes', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'db'), zone(1, '$INCLUDE other\nwww A 192.0.2.1\nwww A 192.0.2.1\nwww 3 A 192.0.2.2\n'))
  writeFileSync(join(folder, 'other'), 'x TXT y\n')
  const { copies, changed, lines } = await serve(t, `file ${folder}/db a.test b.test`)
  await copies()
  for (const origin of ['a.test.', 'b.test.']) {
    assert.deepEqual(await changed(origin), [
      soa(1, origin),
      `x.${origin} 5 IN TXT "y"`,
      // Of records of one type and different TTLs the lowest counts, and each counts once.
      `www.${origin} 3 IN A 192.0.2.1`,
      `www.${origin} 3 IN A 192.0.2.2`,
      soa(1, origin),
    ])
  }
  assert.deepEqual(lines, [])
})

test('what is not in the zone is left out, with a warning', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'db'), zone(1, 'b.test. A 192.0.2.1\nxa.test. A 192.0.2.1\n'))
  const { changed, lines } = await serve(t, `file ${folder}/db a.test`)
  assert.deepEqual(await changed('a.test.'), [soa(1), soa(1)])
  assert.deepEqual(lines, [
    `[WARNING] zone "a.test.": 2 records are not in the zone and left out, the first at ${folder}/db:3: b.test.`,
  ])
})

suite('a bad file at the start is an error', () => {
  for (const [what, text, problem] of [
    ['a mistake', 'x', 'failed to parse file "FILE" for origin a.test. with error FILE:1: type is missing'],
    ['no SOA record', 'x 5 A 192.0.2.1', 'file "FILE" has no SOA record for origin a.test.'],
    [
      'the SOA record of another zone',
      'b.test. 5 SOA a b 1 2 3 4 5',
      'file "FILE" has no SOA record for origin a.test.',
    ],
    [
      'two SOA records',
      zone(1, '@ SOA a b 2 2 3 4 5'),
      'failed to parse file "FILE" for origin a.test. with error FILE:3: second SOA record',
    ],
    [
      'a SOA record within the zone',
      zone(1, 'x SOA a b 2 2 3 4 5'),
      'failed to parse file "FILE" for origin a.test. with error FILE:3: SOA record of x.a.test. within the zone',
    ],
    [
      'NSEC3',
      zone(1, '@ TYPE50 \\# 1 00'),
      'failed to parse file "FILE" for origin a.test. with error FILE:3: NSEC3 zone is not supported',
    ],
  ] as const) {
    test(what, async (t) => {
      const path = join(folderFor(t), 'db')
      writeFileSync(path, text)
      const message = `plugin/file: Corefile:2 - Error during parsing: ${problem.replaceAll('FILE', path)}`
      await assert.rejects(serve(t, `file ${path} a.test`), isCorefileError(message))
    })
  }

  test('in the second directive', async (t) => {
    const folder = folderFor(t)
    writeFileSync(join(folder, 'good'), zone(1))
    writeFileSync(join(folder, 'bad'), 'x')
    const stanzas = `file ${folder}/good a.test\nfile ${folder}/bad b.test`
    await assert.rejects(serve(t, stanzas), {
      message: /^plugin\/file: Corefile:3 - .* for origin b\.test\. with error/,
    })
  })

  test('a file that is missing and not looked for again', async (t) => {
    const path = join(folderFor(t), 'db')
    const message = `plugin/file: Corefile:2 - Error during parsing: open ${path}: no such file or directory`
    await assert.rejects(serve(t, `file ${path} a.test {\n reload 0\n}`), isCorefileError(message))
  })
})

test('a file that is missing is looked for again', async (t) => {
  const folder = folderFor(t)
  const { copies, changed, lines } = await serve(t, `file ${folder}/db a.test {\n reload 20ms\n}`)
  assert.equal((await copies()).zone(parseName('a.test.')), undefined)
  assert.deepEqual(lines, [
    `[WARNING] Failed to open "open ${folder}/db: no such file or directory": trying again in 20ms`,
  ])
  writeFileSync(join(folder, 'db.new'), zone(1))
  renameSync(join(folder, 'db.new'), join(folder, 'db'))
  assert.deepEqual(await changed('a.test.'), [soa(1), soa(1)])
  assert.deepEqual(lines.slice(1), [`[INFO] Successfully reloaded zone "a.test." in "${folder}/db" with 1 SOA serial`])
})

/** Puts a file in the place of another in one go. */
function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

const later = () => new Promise((resolve) => setTimeout(resolve, 150))

test('a zone is read again when its serial is another, and stays when it is bad', async (t) => {
  const path = join(folderFor(t), 'db')
  writeFileSync(path, zone(1, 'a TXT 1\n'))
  const { changed, lines } = await serve(t, `file ${path} a.test {\n reload 20ms\n}`)
  const first = await changed('a.test.')
  put(path, zone(1, 'a TXT 2\n'))
  await later()
  assert.deepEqual(await changed('a.test.'), first)
  put(path, zone(2, 'a TXT 3\n'))
  const second = await changed('a.test.', first)
  assert.deepEqual(second, [soa(2), 'a.a.test. 5 IN TXT "3"', soa(2)])
  put(path, zone(3, 'a TXT\n'))
  await later()
  assert.deepEqual(await changed('a.test.'), second)
  rmSync(path)
  await later()
  assert.deepEqual(await changed('a.test.'), second)
  // A lower serial is another one, too.
  put(path, zone(1, 'a TXT 4\n'))
  assert.deepEqual(await changed('a.test.', second), [soa(1), 'a.a.test. 5 IN TXT "4"', soa(1)])
  assert.deepEqual(lines, [
    `[INFO] Successfully reloaded zone "a.test." in "${path}" with 2 SOA serial`,
    `[ERROR] Parsing zone "a.test.": failed to parse file "${path}" for origin a.test. with error ${path}:3: string is missing`,
    `[ERROR] Failed to open zone "a.test." in "${path}": open ${path}: no such file or directory`,
    `[INFO] Successfully reloaded zone "a.test." in "${path}" with 1 SOA serial`,
  ])
})

test('an included file that changes, and a mounted one whose link does, are noticed', async (t) => {
  const folder = folderFor(t)
  for (const [version, text] of [
    ['v1', zone(1)],
    ['v2', zone(2)],
  ] as const) {
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'soa'), text)
    // Of one age and size, as files of a mounted ConfigMap may be.
    utimesSync(join(folder, version, 'soa'), 1, 1)
  }
  symlinkSync('v1', join(folder, 'data'))
  writeFileSync(join(folder, 'db'), '$INCLUDE data/soa\n')
  const { changed } = await serve(t, `file ${folder}/db a.test {\n reload 20ms\n}`)
  const first = await changed('a.test.')
  symlinkSync('v2', join(folder, 'data.new'))
  renameSync(join(folder, 'data.new'), join(folder, 'data'))
  assert.deepEqual(await changed('a.test.', first), [soa(2), soa(2)])
})

test('with reload_by_mtime a file is read again whenever it was written', async (t) => {
  const path = join(folderFor(t), 'db')
  writeFileSync(path, zone(1, 'a TXT 1\n'))
  const { changed, lines } = await serve(t, `file ${path} a.test {\n reload 20ms\n reload_by_mtime\n}`)
  const first = await changed('a.test.')
  put(path, zone(1, 'a TXT 2\n'))
  assert.deepEqual(await changed('a.test.', first), [soa(1), 'a.a.test. 5 IN TXT "2"', soa(1)])
  await later()
  assert.equal(lines.length, 1)
})

test('a new configuration reads what has changed, whatever its serial', async (t) => {
  const path = join(folderFor(t), 'db')
  writeFileSync(path, zone(1, 'a TXT 1\n'))
  const { again, changed } = await serve(t, `file ${path} a.test {\n reload 0\n}`)
  const first = await changed('a.test.')
  put(path, zone(1, 'a TXT 2\n'))
  await later()
  assert.deepEqual(await changed('a.test.'), first)
  await again()
  const second = await changed('a.test.', first)
  assert.deepEqual(second[1], 'a.a.test. 5 IN TXT "2"')
  put(path, 'x')
  await assert.rejects(again())
  await assert.rejects(again())
  await later()
  assert.deepEqual(await changed('a.test.'), second)
})

test('what was passed over for want of a serial is taken with a new configuration', async (t) => {
  const path = join(folderFor(t), 'db')
  writeFileSync(path, zone(1, 'a TXT 1\n'))
  const { again, changed } = await serve(t, `file ${path} a.test {\n reload 20ms\n}`)
  const first = await changed('a.test.')
  put(path, zone(1, 'a TXT 2\n'))
  await later()
  assert.deepEqual(await changed('a.test.'), first)
  await again()
  assert.equal((await changed('a.test.', first))[1], 'a.a.test. 5 IN TXT "2"')
})

test('a zone that changes while it is told is told again, whole', async (t) => {
  const path = join(folderFor(t), 'db')
  const hosts = Array.from({ length: 5000 }, (_, i) => `host-${i} A 10.0.${i >> 8}.${i & 255}`).join('\n')
  writeFileSync(path, zone(1, hosts))
  const { again, copies } = await serve(t, `file ${path} a.test`)
  for (let serial = 2; serial < 6; serial++) {
    put(path, zone(serial, `${hosts}\nserial-${serial} A 10.1.0.1`))
    await again()
  }
  const zones = await copies()
  const serialIs = (serial: number) =>
    zones.zone(parseName('a.test.'))?.at(parseName(`serial-${serial}.a.test.`)) !== undefined
  while (!serialIs(5)) await later()
  assert.deepEqual([2, 3, 4].filter(serialIs), [])
  assert.equal([...(zones.zone(parseName('a.test.'))?.records() ?? [])].length, 5003)
})

test('a large zone comes whole, in parts', async (t) => {
  const path = join(folderFor(t), 'db')
  const hosts = Array.from({ length: 12_000 }, (_, i) => `host-${i} A 10.0.${i >> 8}.${i & 255}`)
  writeFileSync(path, zone(1, hosts.join('\n')))
  const { copies } = await serve(t, `file ${path} a.test`)
  const records = [...((await copies()).zone(parseName('a.test.'))?.records() ?? [])]
  assert.equal(records.length, 12_002)
  assert.equal(records[12_000]?.rdatas.length, 1)
})

test('a bad zone keeps the program from starting, and a reload from happening', async (t) => {
  const path = join(folderFor(t), 'db')
  writeFileSync(path, zone(1, 'a A x\n'))
  const corefile = join(folderFor(t), 'Corefile')
  const text = `a.test {\n bind 127.0.0.1\n file ${path}\n}\n`
  writeFileSync(corefile, text)
  const failed = start(t, ['-conf', corefile, '-dns.port', '0'])
  assert.equal(await failed.ended, 1)
  const problem = `Error during parsing: failed to parse file "${path}" for origin a.test. with error ${path}:3: "x" is no address`
  assert.ok(failed.output().includes(problem), failed.output())

  writeFileSync(path, zone(1, 'a A 192.0.2.1\n'))
  const program = await serveProgram(t, text)
  const answers = async () => {
    const reply = await ask(program.port, question('a.a.test'))
    return decodeMessage(reply ?? assert.fail('no reply')).answer.flatMap(printRecords)
  }
  const first = ['a.a.test. 5 IN A 192.0.2.1']
  assert.deepEqual(await answers(), first)
  put(path, zone(2, 'a A x\n'))
  program.process.kill('SIGUSR1')
  await program.printed(/is no address/)
  assert.deepEqual(await answers(), first)
  put(path, zone(1, 'a A 192.0.2.2\n'))
  program.process.kill('SIGUSR1')
  while ((await answers())[0] === first[0]) await later()
  assert.deepEqual(await answers(), ['a.a.test. 5 IN A 192.0.2.2'])
})
