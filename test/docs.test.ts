// What the documentation promises is there and is true: pages, links, and Corefiles that are read. And our house rules.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type CorefileSource, parseCorefile } from '../src/corefile/parse.ts'
import { knownDirectives, plugins } from '../src/plugins/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(join(root, path)).isFile())
    .sort()

const pages = [
  ...readdirSync(root).filter((path) => path.endsWith('.md')),
  ...filesIn('docs').filter((path) => path.endsWith('.md')),
]

/** Sections of a plugin's page in their order; the first four must be there. */
const sections = [
  'Name',
  'Description',
  'Syntax',
  'Examples',
  'Metrics',
  'Ready',
  'Metadata',
  'Bugs',
  'See Also',
  'Differs from CoreDNS',
]

/** The texts of the fenced blocks of a language, with the line on which each begins. */
function fencedBlocks(page: string, language: string): { readonly text: string; readonly line: number }[] {
  const fence = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...page.matchAll(fence)].map((match) => ({
    text: match[1] ?? '',
    line: page.slice(0, match.index).split('\n').length + 1,
  }))
}

/** A Corefile's outside world in which every file that is imported by name is there, and empty. */
const anywhere: Omit<CorefileSource, 'file' | 'directives'> = {
  port: 53,
  env: {},
  read: () => '',
  glob: (pattern) => (/[*?]/.test(pattern) ? [] : [pattern]),
  warn: () => undefined,
}

/** Reads a Corefile: the language with all directives of CoreDNS, and each directive that we have by its plugin. */
function readCorefile(text: string, file: string): ReturnType<typeof parseCorefile> {
  const supported = new Set([...knownDirectives.supported, ...knownDirectives.missing])
  const blocks = parseCorefile(text, { ...anywhere, file, directives: { supported, missing: new Set() } })
  for (const block of blocks) {
    for (const plugin of plugins) {
      const directives = block.directives.filter((directive) => directive.name === plugin.name)
      if (directives.length > 0) plugin.parse(directives, block)
    }
  }
  return blocks
}

suite('plugins', () => {
  for (const { name } of plugins) {
    const path = `docs/plugins/${name}.md`
    test(`${name} has source, test and page`, async () => {
      const [source] = [`src/plugins/${name}.ts`, `src/plugins/${name}/index.ts`].filter((one) =>
        existsSync(join(root, one)),
      )
      assert(source !== undefined, `no source for ${name}`)
      const module: Readonly<Record<string, unknown>> = await import(join(root, source))
      assert(plugins.includes(module[name] as (typeof plugins)[number]), `${source} has no export ${name}`)
      const tests = [`test/plugins/${name}.test.ts`, `test/plugins/${name}`]
      assert(
        tests.some((one) => existsSync(join(root, one))),
        `no test for ${name}`,
      )
      assert(existsSync(join(root, path)), `no ${path}`)
      assert(read('README.md').includes(`[${name}](${path})`), `README.md doesn't link to ${path}`)
    })

    test(`${path} is a man page`, () => {
      const page = read(path)
      const headings = [...page.replaceAll(/^(```|~~~)[\s\S]*?^\1$/gm, '').matchAll(/^(#{1,2}) (.*)$/gm)]
      assert.deepEqual(headings[0]?.slice(1), ['#', name])
      const titles = headings.slice(1).map((heading) => heading[2] ?? '')
      assert.deepEqual(
        titles,
        sections.filter((section, i) => i < 4 || titles.includes(section)),
      )
      assert.match(page, new RegExp(`^## Name\n\n\\*${name}\\* - .+\\.$`, 'm'))
      const examples = fencedBlocks(page.slice(page.indexOf('\n## Examples\n')), 'corefile')
      const shown = examples.flatMap(({ text }) => readCorefile(text, path).flatMap((block) => block.directives))
      assert(
        shown.some((directive) => directive.name === name),
        `${path} has no example with ${name}`,
      )
    })
  }

  test('there is no page without a plugin', () => {
    const names = plugins.map((plugin) => `${plugin.name}.md`).sort()
    assert.deepEqual(readdirSync(join(root, 'docs/plugins')).sort(), names)
  })
})

suite('Corefiles', () => {
  for (const path of pages) {
    for (const { text, line } of fencedBlocks(read(path), 'corefile')) {
      test(`${path}:${line}`, () => assert(readCorefile(text, path).length > 0))
    }
  }

  test('Corefile.example', () => {
    const text = read('Corefile.example')
    const [block, ...others] = readCorefile(text, 'Corefile.example')
    assert.deepEqual(others, [])
    // kubeadm's, directive by directive.
    assert.deepEqual(
      block?.directives.map(({ name, args }) => [name, ...args].join(' ')),
      [
        ...['errors', 'health', 'ready', 'kubernetes cluster.local in-addr.arpa ip6.arpa', 'prometheus :9153'],
        ...['forward . /etc/resolv.conf', 'cache 30', 'loop', 'reload', 'loadbalance'],
      ],
    )
    const silent = text.split('\n').filter((line) => /[^\s}]/.test(line) && !line.includes('#'))
    assert.deepEqual(silent, [], 'lines without a comment')
  })
})

suite('links', () => {
  for (const path of pages) {
    test(path, () => {
      const targets = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
      const local = targets
        .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
        .map((target) => target.replace(/#.*/, ''))
      const missing = local.filter((target) => !existsSync(join(root, dirname(path), target)))
      assert.deepEqual(missing, [])
    })
  }
})

suite('house rules', () => {
  const sources = filesIn('src').filter((path) => path.endsWith('.ts'))
  const code = [...sources, ...filesIn('test').filter((path) => path.endsWith('.ts'))]
  const offenders = (paths: readonly string[], isWrong: (path: string) => boolean) => paths.filter(isWrong)

  test('no drawers: files are named by what they hold', () => {
    const drawers = ['utils', 'util', 'helpers', 'helper', 'common', 'core', 'types', 'base', 'manager', 'misc']
    const stems = (path: string) =>
      relative('.', path)
        .split('/')
        .map((part) => basename(part).replace(/\..*/, ''))
    assert.deepEqual(
      offenders([...code, ...filesIn('docs')], (path) => stems(path).some((stem) => drawers.includes(stem))),
      [],
    )
  })
  test('names of files are in kebab-case', () => {
    assert.deepEqual(
      // Conformance tests begin with the section they are about.
      offenders(code, (path) => !/^(?:\d+(?:\.\d+)*-)?[a-z0-9-]+(?:\.test)?\.ts$/.test(basename(path))),
      [],
    )
  })
  test('a source begins with what it is for', () => {
    assert.deepEqual(
      offenders(sources, (path) => !/^(?:#!.*\n)?\/(?:\/|\*\*) \S/.test(read(path))),
      [],
    )
  })
  test('no default exports', () => {
    assert.deepEqual(
      offenders(code, (path) => /^export default\b/m.test(read(path))),
      [],
    )
  })
  test('nothing is left to be done', () => {
    const reminder = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${'X'.repeat(3)})\\b`)
    assert.deepEqual(
      offenders([...code, ...pages], (path) => reminder.test(read(path))),
      [],
    )
  })
  test('README.md has less than a hundred lines', () => assert(read('README.md').split('\n').length <= 100))
})

suite('this test', () => {
  test('finds blocks of one language', () => {
    const page = 'x\n```corefile\n. {\n}\n```\n```sh\nls\n```\n\n```corefile\na\n```\n'
    assert.deepEqual(fencedBlocks(page, 'corefile'), [
      { text: '. {\n}\n', line: 3 },
      { text: 'a\n', line: 11 },
    ])
  })
  test('refuses Corefiles that are wrong', () => {
    assert.throws(() => readCorefile('. {\n  bogus\n}', 'x'), /Unknown directive 'bogus'$/)
    assert.throws(() => readCorefile('. {\n  ready a b\n}', 'x'), /Wrong argument count/)
    assert.equal(readCorefile('. {\n  import a\n  import *.b\n  forward . 192.0.2.1\n}', '/x').length, 1)
  })
})
