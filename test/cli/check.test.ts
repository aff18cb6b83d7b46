import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { folderFor, start } from '../server/process.ts'

const files = {
  good: '.:53 {\n    errors\n    whoami\n}\n',
  word: '.:53 {\n    errors\n    whoamy\n}\n',
  missing: '.:53 {\n    route53 example.org.:Z1\n}\n',
  args: '.:53 {\n    whoami\n    health a b\n}\n',
  brace: '.:53 {\n    errors\n',
  twice: '.:53 {\n    whoami\n}\n.:53 {\n    whoami\n}\n',
  importing: '.:53 {\n    whoami\n    import part/bad\n}\n',
  bound: 'x:53 {\n    bind 192.0.2.1\n    whoami\n}\nx:53 {\n    bind 192.0.2.1\n    whoami\n}\n',
  both: 'x:53 {\n    bind 192.0.2.1\n    whoami\n}\nx:53 {\n    whoami\n}\n',
  apart: 'x:53 {\n    bind 192.0.2.1\n    whoami\n}\nx:53 {\n    bind 192.0.2.2\n    whoami\n}\n',
  elsewhere: 'x:53 {\n    bind no-such0\n    whoami\n}\nx:53 {\n    whoami\n}\n',
  empty: '',
}

for (const [names, code, lines] of [
  ['good', 0, ['good: ok']],
  ['word', 1, [/^word:3: word:3 - Error during parsing: Unknown directive 'whoamy'$/]],
  ['missing', 1, [/^missing:2: missing:2 - Error during parsing: .*route53.* not supported here/]],
  [
    'args',
    1,
    [
      /^args:3: plugin\/health: args:3 - Error during parsing: Wrong argument count or unexpected line ending after 'b'$/,
    ],
  ],
  ['brace', 1, [/^brace:2: brace:2 - Syntax error: Unexpected token 'errors', expecting '}'$/]],
  ['twice', 1, [/^twice:4: .*cannot serve dns:\/\/\.:53 - it is already defined$/]],
  [
    'importing',
    1,
    [/^(\S*\/part\/bad):1: \1:1 - Error during parsing: Unknown directive 'nope', imported by importing$/],
  ],
  ['bound', 1, [/^bound:5: .*cannot serve dns:\/\/x\.:53 on 192\.0\.2\.1 - it is already defined$/]],
  ['both', 1, [/^both:5: .*zone overlap listener capacity with dns:\/\/x\.:53 on 192\.0\.2\.1$/]],
  ['apart', 0, ['apart: ok']],
  ['elsewhere', 0, ['elsewhere: ok']],
  ['absent', 1, [/^absent:1: .*no such file/]],
  ['good word good', 1, ['good: ok', /^word:3: /, 'good: ok']],
] as const) {
  test(`check ${names}`, async (t) => {
    const folder = folderFor(t)
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    mkdirSync(join(folder, 'part'))
    writeFileSync(join(folder, 'part', 'bad'), 'nope\n')
    const program = start(t, ['check', ...names.split(' ')], { cwd: folder })
    assert.equal(await program.ended, code)
    const told = program.output().split('\n').slice(0, -1)
    assert.equal(told.length, lines.length, program.output())
    lines.forEach((line, index) => {
      if (typeof line === 'string') assert.equal(told[index], line)
      else assert.match(told[index] ?? '', line)
    })
  })
}

for (const args of [[], ['-v'], ['--help']]) {
  test(`check ${args.join(' ') || 'of nothing'} is wrong usage`, async (t) => {
    const program = start(t, ['check', ...args])
    assert.equal(await program.ended, 2)
    assert.match(program.output(), /^usage: check FILE/)
  })
}
