// Whatever an operator writes into a template is read or refused, and executed or not, in words and in little time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { executeTemplate } from '../../src/plugins/template/execute.ts'
import { parseTemplate, type Template, TemplateError } from '../../src/plugins/template/syntax.ts'
import { ExecutionError, type Value } from '../../src/plugins/template/values.ts'

const fields = new Map<string, Value>([
  ['Name', 'a.example.'],
  ['Match', ['a.example.', 'a']],
  ['Group', new Map([['a', 'a']])],
  ['Question.Qtype', 1n],
])

const pieces = [
  ...['{{', '}}', '{{- ', ' -}}', '{{/*', '*/}}', ' ', '\n', '(', ')', '|', ':=', '=', '"', '"a"', '`b`', "'c'", '\\'],
  ...[
    '.Name',
    '.Match',
    '.Group.a',
    '.Question.Qtype',
    '.Meta',
    '.Nope',
    '.',
    '$',
    '$x',
    'nil',
    'true',
    '0',
    '-1',
    '0x1f',
  ],
  ...[
    'if',
    'else',
    'end',
    'range',
    'and',
    'or',
    'not',
    'eq',
    'lt',
    'index',
    'slice',
    'len',
    'print',
    'printf',
    'parseInt',
  ],
  ...['"%05d|%s"', '"%q%x%v"', 'foo', 'text', 'ä', '\u0000'],
]
const action = fc
  .array(fc.constantFrom(...pieces.filter((piece) => !/[{}]/.test(piece))), { maxLength: 6 })
  .map((words) => `{{ ${words.join(' ')} }}`)
const source = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((list) => list.join('')),
  fc
    .array(fc.oneof(action, fc.constantFrom('{{ if .Name }}', '{{ else }}', '{{ end }}', 'x')), { maxLength: 8 })
    .map((list) => list.join('')),
  fc.string({ maxLength: 40 }).map((text) => `{{ ${text} }}`),
)

test('20,000 templates are read and executed, or refused', () => {
  const seen = { executed: 0, failed: 0, refused: 0 }
  fc.assert(
    fc.property(source, (text) => {
      let template: Template
      try {
        template = parseTemplate('answer', text)
      } catch (error) {
        assert(error instanceof TemplateError, `${JSON.stringify(text)}: ${error}`)
        assert.match(error.message, /^template: answer:[0-9]+: [\s\S]+$/)
        seen.refused++
        return
      }
      try {
        assert.equal(typeof executeTemplate(template, { fields, meta: () => '' }), 'string')
        seen.executed++
      } catch (error) {
        assert(error instanceof ExecutionError, `${JSON.stringify(text)}: ${error}`)
        seen.failed++
      }
    }),
    { numRuns: 20_000 },
  )
  // All three happen, so that something is tried.
  for (const [what, count] of Object.entries(seen)) assert(count > 20, `${what}: ${count}`)
})

test('long templates take time in proportion to their length', () => {
  for (const text of ['{{ .Name }}', '{{/* a */}}', '{{ "', 'a{{- 1 -}} ', '{{ (', '{{/*', '   {{-']) {
    const long = text.repeat(20_000)
    try {
      executeTemplate(parseTemplate('answer', long), { fields, meta: () => '' })
    } catch (error) {
      assert(error instanceof TemplateError)
    }
  }
})
