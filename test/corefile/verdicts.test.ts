// What `check` says of good and bad directives is what CoreDNS says, but for differences that are listed with reasons.
// With COREDNS=/path/to/coredns that CoreDNS is asked as well.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCorefile } from '../../src/cli/corefile.ts'
import { CorefileError } from '../../src/corefile/directive.ts'
import { knownDirectives } from '../../src/plugins/index.ts'

interface Case {
  readonly stanza: string
  /** `ok`, or what is wrong. */
  readonly coredns: string
  readonly ours: string
}

const root = fileURLToPath(new URL('../fixtures/verdicts', import.meta.url))

/** The cases of a file; its README.md says how they are written. */
function readCases(plugin: string): Case[] {
  const paragraphs = readFileSync(join(root, `${plugin}.txt`), 'utf8').split(/\n(?=\S)/)
  return paragraphs.map((paragraph) => {
    const [stanza = '', ...lines] = paragraph.trimEnd().split('\n    ')
    const [verdict = '', ours, reason] = lines
    if (lines.length === 1) return { stanza, coredns: verdict, ours: verdict }
    const field = (line: string = '', name: string): string => {
      assert(line.startsWith(`${name}: `), `${plugin}: ${stanza}: ${name} is missing`)
      return line.slice(name.length + 2)
    }
    assert.notEqual(field(reason, 'because'), '')
    const differs = { stanza, coredns: field(verdict, 'coredns'), ours: field(ours, 'ours') }
    assert.notEqual(differs.ours, differs.coredns, `${plugin}: ${stanza} is no difference`)
    return differs
  })
}

function directivesOf(stanza: string): string[] {
  return stanza
    .replaceAll('\\n', '\n')
    .split(' & ')
    .map((directive) => {
      const [head, ...properties] = directive.split(' | ')
      return properties.length === 0 ? `${head}` : `${head} {\n${properties.map((line) => `    ${line}\n`).join('')}}`
    })
}

const corefileOf = (directives: readonly string[]) => `.:53 {\n${directives.join('\n')}\nwhoami\n}\n`

/**
 * Without the place, and without the plugin's name where it is this one; CoreDNS says both twice at times. Without the
 * excerpt that follows what is wrong with an expression.
 */
function bare(message: string, plugin: string): string {
  let text = message.replace(/\n \| [\s\S]*/, '').trimEnd()
  for (;;) {
    const shorter = text
      .replace(/^(plugin\/[a-z0-9_]+: )?\S+:[0-9]+ - (?:Error during parsing: )?/, '$1')
      .replace(new RegExp(`^plugin/${plugin}: `), '')
    if (shorter === text) return text
    text = shorter
  }
}

function ourVerdict(stanza: string, plugin: string): string {
  try {
    checkCorefile(corefileOf(directivesOf(stanza)), { file: 'Corefile', port: 53, warn: () => undefined })
    return 'ok'
  } catch (error) {
    if (error instanceof CorefileError) return bare(error.message, plugin)
    throw error
  }
}

const coredns = process.env.COREDNS
/** A network of its own keeps a CoreDNS's ports away from everybody's; making one can be forbidden. */
const isolated = coredns !== undefined && spawnSync('unshare', ['--net', 'true']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'verdicts-'))
after(() => rmSync(folder, { recursive: true }))

/** Starts it and sees whether it serves or ends. */
async function corednsVerdict(stanza: string, plugin: string): Promise<string> {
  const directives = directivesOf(stanza).map((directive) =>
    plugin === 'kubernetes' ? withoutApi(directive) : directive,
  )
  const file = join(folder, 'Corefile')
  writeFileSync(file, corefileOf(directives))
  const script = 'ip link set lo up && exec "$0" -conf "$1"'
  const child = spawn('unshare', ['--net', 'sh', '-c', script, coredns ?? '', file], { cwd: folder })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
    if (/^CoreDNS-/m.test(output)) child.kill('SIGKILL')
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(deadline)
  if (/^CoreDNS-/m.test(output)) return 'ok'
  assert.equal(code, 1, `${stanza}: ${output}${errors}`)
  return bare(errors, plugin)
}

/** There is no cluster, and no need to wait for one. */
function withoutApi(directive: string): string {
  const open = directive.endsWith('}') ? directive.slice(0, -1) : `${directive} {\n`
  return `${open}    endpoint http://127.0.0.1:1\n    startup_timeout 1ms\n}`
}

for (const file of readdirSync(root).filter((name) => name.endsWith('.txt'))) {
  const plugin = file.replace('.txt', '')
  const cases = readCases(plugin)
  suite(plugin, () => {
    const lacking = knownDirectives.missing.has(plugin) ? { skip: `${plugin} is not here` } : {}
    for (const { stanza, ours } of cases) {
      test(stanza, lacking, () => assert.equal(ourVerdict(stanza, plugin), ours))
    }
    test('of CoreDNS', { skip: isolated ? false : 'no CoreDNS, or no network to put it in' }, async () => {
      const verdicts: string[] = []
      for (const { stanza } of cases) verdicts.push(`${stanza}: ${await corednsVerdict(stanza, plugin)}`)
      assert.deepEqual(
        verdicts,
        cases.map((one) => `${one.stanza}: ${one.coredns}`),
      )
    })
  })
}
