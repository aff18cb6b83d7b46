import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CorefileError } from '../../src/corefile/directive.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { memorySource } from './memory-source.ts'
import { dumpBlocks } from './print.ts'

const files: Readonly<Record<string, string>> = {
  '/etc/coredns/a.conf': 'log\nerrors',
  '/etc/coredns/b.conf': 'whoami # and nothing else\n',
  '/etc/coredns/empty.conf': '# nothing\n',
  '/etc/coredns/props.conf': 'ttl 5\npods insecure\n',
  '/etc/coredns/keys.conf': 'a.org,\nb.org',
  '/etc/coredns/snippets.conf': '(common) {\n  errors\n  log\n}\n',
  '/etc/coredns/loop.conf': 'import loop.conf',
  '/etc/coredns/bad.conf': 'log\n\nbogus x\n',
  '/etc/coredns/custom/one.server': 'one.org {\n  whoami\n}\n',
  '/etc/coredns/custom/two.server': 'two.org {\n  import ../a.conf\n}\n',
  '/etc/coredns/custom/x.override': 'import ../b.conf\n',
  '/lib/abs.conf': 'errors\n',
}
const env = { ZONE: 'example.org', TWO: 'a b', DIRECTIVE: 'log', IMPORT: 'import', FILE: 'a.conf', LINES: 'x\ny' }
const directives = {
  supported: new Set(['errors', 'log', 'whoami', 'kubernetes', 'health', 'template']),
  missing: new Set(['forward', 'cache']),
}

interface Good {
  readonly text: string
  readonly blocks: readonly string[]
  readonly warnings?: readonly string[]
}

const good: Readonly<Record<string, readonly Good[]>> = {
  blocks: [
    { text: '', blocks: [] },
    { text: '# nothing\n', blocks: [] },
    { text: '. {\n}', blocks: ['dns://.:53'] },
    { text: '.:1053 {\n  log\n}\n', blocks: ['dns://.:1053 | log'] },
    { text: 'a.org {\n  log\n}\nb.org {\n  errors\n}', blocks: ['dns://a.org.:53 | log', 'dns://b.org.:53 | errors'] },
    { text: '.\n{\n  log\n}', blocks: ['dns://.:53 | log'] },
    { text: '. {\r\n  log\r\n}\r\n', blocks: ['dns://.:53 | log'] },
    // Braces stand alone, wherever they are on the line.
    { text: '. { log\nerrors\n}', blocks: ['dns://.:53 | log | errors'] },
    // Without braces a block goes on to the end.
    { text: '.:53\nlog\nerrors', blocks: ['dns://.:53 | log | errors'] },
    { text: 'a.org, b.org\nlog', blocks: ['dns://a.org.:53 dns://b.org.:53 | log'] },
    // Or to a brace that has no other.
    { text: 'a.org\nlog\n}\nb.org {\n}', blocks: ['dns://a.org.:53 | log', 'dns://b.org.:53'] },
    // Keys and nothing else.
    { text: 'a.org b.org', blocks: ['dns://a.org.:53 dns://b.org.:53'] },
    // Braces without a key are read, and serve nothing.
    { text: '{\n  log\n}\n. {\n}', blocks: ['dns://.:53'] },
    { text: '"" {\n  log\n}', blocks: [] },
    // The last brace may be that of the directive: CoreDNS's oddity.
    { text: '. {\n  kubernetes {\n    ttl 5\n  }\n', blocks: ['dns://.:53 | kubernetes (ttl 5)'] },
  ],
  keys: [
    { text: 'a.org b.org {\n}', blocks: ['dns://a.org.:53 dns://b.org.:53'] },
    { text: 'a.org, b.org {\n}', blocks: ['dns://a.org.:53 dns://b.org.:53'] },
    { text: 'a.org,\nb.org,\n\nc.org {\n}', blocks: ['dns://a.org.:53 dns://b.org.:53 dns://c.org.:53'] },
    { text: 'A.Org {\n}', blocks: ['dns://a.org.:53'] },
    { text: '10.0.0.0/23 {\n}', blocks: ['dns://0.0.10.in-addr.arpa.:53 dns://1.0.10.in-addr.arpa.:53'] },
    { text: '{$ZONE}:{$PORT}54 {\n}', blocks: ['dns://example.org.:54'] },
    { text: '{$TWO} {\n}', blocks: ['dns://a\\032b.:53'] },
  ],
  directives: [
    { text: '. {\n  log a b "c d" e\\"f\n}', blocks: ['dns://.:53 | log a b "c d" "e\\\\"f"'] },
    { text: '. {\n  log "a\nb" c\n  errors\n}', blocks: ['dns://.:53 | log "a\nb" c | errors'] },
    { text: '. {\n  log\n  log\n  errors\n  log\n}', blocks: ['dns://.:53 | log | log | errors | log'] },
    { text: '. {\n  log {\n  }\n}', blocks: ['dns://.:53 | log'] },
    { text: '. {\n  log a {\n    class error\n    b\n  }\n}', blocks: ['dns://.:53 | log a (class error; b)'] },
    { text: '. {\n  log {\n    a b {\n      c d\n    }\n    e\n  }\n}', blocks: ['dns://.:53 | log (a b (c d); e)'] },
    { text: '. {\n  log { class error }\n  errors\n}', blocks: ['dns://.:53 | log (class error) | errors'] },
    { text: '. {\n  log { class error\n  }\n}', blocks: ['dns://.:53 | log (class error)'] },
    { text: '. {\n  {$DIRECTIVE} {$TWO} {$NONE} x\n}', blocks: ['dns://.:53 | log "a b" "" x'] },
    // A value with a line break goes on to the next line, which then belongs to it: CoreDNS's oddity.
    { text: '. {\n  log {\n    a {$LINES}\n    b\n  }\n}', blocks: ['dns://.:53 | log (a "x\ny" b)'] },
    { text: '. {\n  template A {{$x}} {{ $x }}\n}', blocks: ['dns://.:53 | template A {} {{ $x }}'] },
  ],
  imports: [
    { text: '. {\n  import a.conf\n  health\n}', blocks: ['dns://.:53 | log | errors | health'] },
    { text: '. {\n  import /lib/abs.conf\n}', blocks: ['dns://.:53 | errors'] },
    { text: '. {\n  import {$FILE}\n}', blocks: ['dns://.:53 | log | errors'] },
    { text: '. {\n  import ?.conf\n}', blocks: ['dns://.:53 | log | errors | whoami'] },
    { text: '. {\n  import empty.conf\n}', blocks: ['dns://.:53'] },
    { text: '. {\n  log\n  import custom/*.override\n}', blocks: ['dns://.:53 | log | whoami'] },
    {
      text: '. {\n  kubernetes {\n    import props.conf\n  }\n}',
      blocks: ['dns://.:53 | kubernetes (ttl 5; pods insecure)'],
    },
    {
      text: '. {\n}\nimport custom/*.server',
      blocks: ['dns://.:53', 'dns://one.org.:53 | whoami', 'dns://two.org.:53 | log | errors'],
    },
    { text: 'import custom/one.server', blocks: ['dns://one.org.:53 | whoami'] },
    { text: '{$IMPORT} custom/one.server', blocks: ['dns://one.org.:53 | whoami'] },
    { text: 'import keys.conf\n{\n  log\n}', blocks: ['dns://a.org.:53 dns://b.org.:53 | log'] },
    { text: 'import empty.conf', blocks: [] },
    {
      text: '. {\n  import none/*.override\n  log\n}\nimport none/*.server\n',
      blocks: ['dns://.:53 | log'],
      warnings: [
        'No files matching import glob pattern: none/*.override',
        'No files matching import glob pattern: none/*.server',
      ],
    },
    // Not at the start of a line it is a word like others.
    { text: '. {\n  log import a.conf\n}', blocks: ['dns://.:53 | log import a.conf'] },
  ],
  snippets: [
    { text: '(s) {\n  log\n  errors\n}\n. {\n  import s\n  health\n}', blocks: ['dns://.:53 | log | errors | health'] },
    {
      text: '(s) {\n  log {\n    class error\n  }\n}\na.org {\n  import s\n}\nb.org {\n  import s\n}',
      blocks: ['dns://a.org.:53 | log (class error)', 'dns://b.org.:53 | log (class error)'],
    },
    {
      text: '(props) {\n  ttl 5\n}\n. {\n  kubernetes {\n    import props\n  }\n}',
      blocks: ['dns://.:53 | kubernetes (ttl 5)'],
    },
    {
      text: '(a) {\n  log\n}\n(b) {\n  import a\n  errors\n}\n. {\n  import b\n}',
      blocks: ['dns://.:53 | log | errors'],
    },
    { text: '(s) {\n}\n. {\n  import s\n}', blocks: ['dns://.:53'] },
    { text: 'import snippets.conf\n. {\n  import common\n}', blocks: ['dns://.:53 | errors | log'] },
    // Variables are read where a snippet is used; a snippet comes before a file of its name.
    { text: '(a.conf) {\n  log {$ZONE}\n}\n. {\n  import a.conf\n}', blocks: ['dns://.:53 | log example.org'] },
    { text: '(x) {\n  whoever\n}\n. {\n}', blocks: ['dns://.:53'] },
  ],
}

for (const [name, cases] of Object.entries(good)) {
  suite(name, () => {
    for (const { text, blocks, warnings = [] } of cases) {
      test(JSON.stringify(text), () => {
        const source = memorySource(files, { env, directives })
        assert.deepEqual(dumpBlocks(parseCorefile(text, source)), blocks)
        assert.deepEqual(source.warnings, warnings)
      })
    }
  })
}

/** Text to message; `Corefile:` stands for the main file, other files begin with a slash. */
const bad: Readonly<Record<string, string>> = {
  '. {\n  bogus\n}': "Corefile:2 - Error during parsing: Unknown directive 'bogus'",
  '. {\n  forward . 1.1.1.1\n}':
    "Corefile:2 - Error during parsing: Directive 'forward' is not supported here; docs/migrating.md says what to do instead",
  '. {\n  {$TWO}\n}': "Corefile:2 - Error during parsing: Unknown directive 'a b'",
  '. {\n  log\n': "Corefile:2 - Syntax error: Unexpected token 'log', expecting '}'",
  '. {': "Corefile:1 - Syntax error: Unexpected token '{', expecting '}'",
  '. {\n  log {\n    class error\n': 'Corefile:3 - Error during parsing: Unexpected EOF',
  '. { log }': "Corefile:1 - Error during parsing: Unexpected '}' because no matching opening brace",
  '. {\n  log } }\n}': "Corefile:2 - Error during parsing: Unexpected '}' because no matching opening brace",
  '. {\n  }}\n}': "Corefile:2 - Error during parsing: Unknown directive '}}'",
  '.{\n  log\n}': 'Corefile:1 - Error during parsing: zone is not a valid domain name: .{',
  'a.org, {\n}': "Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma",
  'a.org,': 'Corefile:1 - Error during parsing: Unexpected EOF',
  ', {\n}': "Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma",
  'a b\nc {\n}': "Corefile:2 - Error during parsing: Unknown directive 'c'",
  // Keys.
  'a.org b: {\n}': 'Corefile:1 - Error during parsing: expecting data after last colon: "b:"',
  'a.org,\nb..c {\n}': 'Corefile:2 - Error during parsing: zone is not a valid domain name: b..c',
  // What a directive can't be made of.
  '. {\n  log\n  {\n    class error\n  }\n}':
    "plugin/log: Corefile:3 - Error during parsing: Unexpected token '{', expecting argument",
  '. {\n  log {\n    {\n      class error\n    }\n  }\n}':
    "plugin/log: Corefile:3 - Error during parsing: unknown property '{'",
  '. {\n  log {\n    class error\n  } x\n}':
    "plugin/log: Corefile:4 - Error during parsing: Wrong argument count or unexpected line ending after '}'",
  [`. {\n  log ${'{ a '.repeat(200)}${'} '.repeat(200)}\n}`]:
    'plugin/log: Corefile:2 - Error during parsing: blocks are nested more than 100 deep',
  // Imports.
  '. {\n  import\n}':
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
  '. {\n  import ""\n}': 'Corefile:2 - Error during parsing: Import requires a non-empty filepath',
  '. {\n  import {$NONE}\n}': 'Corefile:2 - Error during parsing: Import requires a non-empty filepath',
  '. {\n  import a.conf b.conf\n}':
    'Corefile:2 - Error during parsing: Import takes only one argument (glob pattern or file)',
  'import a.conf {\n}': 'Corefile:1 - Error during parsing: Import takes only one argument (glob pattern or file)',
  '\n\nimport none.conf': 'Corefile:3 - Error during parsing: File to import not found: none.conf',
  'import */*.conf':
    'Corefile:1 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: /etc/coredns/*/*.conf',
  'import ??.conf':
    'Corefile:1 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: /etc/coredns/??.conf',
  'import [ab].conf':
    'Corefile:1 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: /etc/coredns/[ab].conf',
  // In an imported file, its name and line.
  '. {\n  import bad.conf\n}': "/etc/coredns/bad.conf:3 - Error during parsing: Unknown directive 'bogus'",
  'import loop.conf': '/etc/coredns/loop.conf:1 - Error during parsing: maximum file import depth (100000) exceeded',
  // Snippets.
  '. {\n  import s\n}\n(s) {\n}': 'Corefile:2 - Error during parsing: File to import not found: s',
  '(s) {\n}\n(s) {\n}': 'Corefile:3 - Error during parsing: redeclaration of previously declared snippet s',
  '(s)\nlog': "Corefile:2 - Syntax error: Unexpected token 'log', expecting '{'",
  '(s) {\n  log': "Corefile:2 - Syntax error: Unexpected token 'log', expecting '}'",
  '(s) {\n  import s\n}\n. {\n}': 'Corefile:3 - Error during parsing: maximum snippet import depth (10000) exceeded',
  '(a) {\n  import b\n}\n(b) {\n  import a\n}\n. {\n  import a\n}':
    'Corefile:5 - Error during parsing: maximum snippet import depth (10000) exceeded',
  // In a snippet, the line in it, not that of the import.
  '(s) {\n  bogus\n}\n. {\n  import s\n}': "Corefile:2 - Error during parsing: Unknown directive 'bogus'",
  // Words of an earlier line behind an import stand on its last line: CoreDNS's oddity.
  '(b) {\n  import a\n  health\n}\n(a) {\n  log\n}\n. {\n  import b\n}':
    "plugin/log: Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'log'",
}

suite('errors', () => {
  for (const [text, message] of Object.entries(bad)) {
    test(JSON.stringify(text).slice(0, 100), () => {
      assert.throws(
        () => parseCorefile(text, memorySource(files, { env, directives })),
        (error) => {
          assert(error instanceof CorefileError)
          assert.equal(error.message.replace('/etc/coredns/Corefile:', 'Corefile:'), message)
          return true
        },
      )
    })
  }

  test('a file that is there and cannot be read', () => {
    const denied = new Error('permission denied')
    const source = {
      ...memorySource(files),
      read: () => {
        throw denied
      },
    }
    assert.throws(
      () => parseCorefile('\nimport a.conf', source),
      (error) => {
        assert(error instanceof CorefileError)
        assert.equal(
          error.message,
          '/etc/coredns/Corefile:2 - Error during parsing: Could not import /etc/coredns/a.conf: permission denied',
        )
        assert.equal(error.cause, denied)
        return true
      },
    )
  })
})

suite('places', () => {
  test('directives and properties know their file, line and plugin', () => {
    const text = '# first\n.:53 {\n  import a.conf\n  kubernetes {\n\n    import props.conf\n    ttl 7\n  }\n}'
    const [block] = parseCorefile(text, memorySource(files))
    assert(block !== undefined)
    assert.equal(`${block.file}:${block.line}`, '/etc/coredns/Corefile:2')
    const places = block.directives
      .flatMap((directive) => [directive, ...directive.block])
      .map(({ name, plugin, file, line }) => `${plugin}/${name} ${file}:${line}`)
    assert.deepEqual(places, [
      'log/log /etc/coredns/a.conf:1',
      'errors/errors /etc/coredns/a.conf:2',
      'kubernetes/kubernetes /etc/coredns/Corefile:4',
      'kubernetes/ttl /etc/coredns/props.conf:1',
      'kubernetes/pods /etc/coredns/props.conf:2',
      'kubernetes/ttl /etc/coredns/Corefile:7',
    ])
  })

  test('what is parsed survives structuredClone', () => {
    const blocks = parseCorefile('a.org 10.0.0.0/8 {\n  log {\n    class all\n  }\n}', memorySource())
    assert.deepEqual(structuredClone(blocks), blocks)
  })
})
