import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { executeTemplate, type TemplateData } from '../../../src/plugins/template/execute.ts'
import { parseTemplate } from '../../../src/plugins/template/syntax.ts'
import type { Value } from '../../../src/plugins/template/values.ts'

const match = ['ip-10-7b.example.', '10', '7b', '']
const group = { 0: 'ip-10-7b.example.', 1: '10', 2: '7b', 3: '', a: '10', b: '7b', none: '' }
const data: TemplateData = {
  fields: new Map<string, Value>([
    ['Zone', 'example.'],
    ['Name', 'ip-10-7b.example.'],
    ['Regex', 'x'],
    ['Match', match],
    ['Group', new Map(Object.entries(group))],
    ['Class', 'IN'],
    ['Type', 'A'],
    ['Remote', '10.0.0.9'],
    ['Question.Name', 'IP-10-7b.Example.'],
    ['Question.Qtype', 1n],
    ['Question.Qclass', 1n],
  ]),
  meta: (key) => (key === 'kubernetes/service' ? 'web' : ''),
}
const execute = (source: string) => executeTemplate(parseTemplate('answer', source), data)

// What Go 1.26's text/template makes of these.
const texts: readonly (readonly [template: string, text: string])[] = [
  ['plain text', 'plain text'],
  ['', ''],
  ['{{ .Name }} 60 IN A 10.0.0.1', 'ip-10-7b.example. 60 IN A 10.0.0.1'],
  ['{{.Name}}', 'ip-10-7b.example.'],
  ['a {{- .Name -}} b', 'aip-10-7b.example.b'],
  ['a {{- /* c */ -}} b', 'ab'],
  ['a{{/* c */}}b', 'ab'],
  ['{{ index .Match 1 }}', '10'],
  ['{{ index .Group "a" }}', '10'],
  ['{{ index .Group "nope" }}|', '|'],
  ['{{ .Group.a }}.{{ .Group.b }}', '10.7b'],
  ['{{ .Group.nope }}', '<no value>'],
  ['{{ .Match }}', '[ip-10-7b.example. 10 7b ]'],
  ['{{ .Group }}', 'map[0:ip-10-7b.example. 1:10 2:7b 3: a:10 b:7b none:]'],
  ['{{ .Question.Name }} {{ .Question.Qtype }} {{ .Question.Qclass }}', 'IP-10-7b.Example. 1 1'],
  ['{{ .Meta "kubernetes/service" }}', 'web'],
  ['{{ "kubernetes/service" | .Meta }}', 'web'],
  ['{{ if .Group.none }}yes{{ else }}no{{ end }}', 'no'],
  ['{{ if eq .Type "A" }}4{{ else if eq .Type "AAAA" }}6{{ else }}x{{ end }}', '4'],
  ['{{ if eq .Type "TXT" "A" }}y{{ end }}', 'y'],
  ['{{ if and .Group.a (eq .Group.b "7b") }}y{{ end }}', 'y'],
  ['{{ if or .Group.none .Group.nope }}y{{ else }}n{{ end }}', 'n'],
  ['{{ or "" .Name }}', 'ip-10-7b.example.'],
  ['{{ not .Group.none }}', 'true'],
  ['{{ if not (eq 1 2) }}y{{ end }}', 'y'],
  ['{{ ne .Type "A" }}', 'false'],
  ['{{ lt 1 2 }} {{ le "a" "a" }} {{ gt 1 2 }} {{ ge 2 2 }}', 'true true false true'],
  ['{{ parseInt .Group.b 16 8 }}', '123'],
  ['{{ parseInt "0x1f" 0 64 }}', '31'],
  ['{{ parseInt "017" 0 64 }}', '15'],
  ['{{ parseInt "0b11" 0 64 }}', '3'],
  ['{{ parseInt "12" 10 0 }}', '12'],
  ['{{ printf "%s-%s" .Group.a .Group.b }}', '10-7b'],
  ['{{ printf "%d" (parseInt .Group.b 16 8) }}', '123'],
  [
    '{{ printf "%03d|%-5d|%5d|%x|%X|%#x|%o|%b|%c|%+d" 7 7 7 255 255 255 8 5 65 3 }}',
    '007|7    |    7|ff|FF|0xff|10|101|A|+3',
  ],
  [
    '{{ printf "%5s|%-5s|%.2s|%q|%x|%X|%v" "ab" "ab" "abc" "a\\"b" "ab" "ab" "ab" }}',
    '   ab|ab   |ab|"a\\"b"|6162|6162|ab',
  ],
  ['{{ printf "%d" "a" }}', '%!d(string=a)'],
  ['{{ printf "%s" 1 }}', '%!s(int=1)'],
  ['{{ printf "%d" }}', '%!d(MISSING)'],
  ['{{ printf "%d" 1 2 }}', '1%!(EXTRA int=2)'],
  ['{{ printf "%t %v" true false }}', 'true false'],
  ['{{ printf "%%" }}', '%'],
  [
    '{{ printf "%v %v" .Match .Group }}',
    '[ip-10-7b.example. 10 7b ] map[0:ip-10-7b.example. 1:10 2:7b 3: a:10 b:7b none:]',
  ],
  ['{{ printf "%05d" -3 }}', '-0003'],
  ['{{ printf "%v" nil }}', '<nil>'],
  ['{{ printf "%z" 1 }}', '%!z(int=1)'],
  ['{{ printf "100%" }}', '100%!(NOVERB)'],
  ['{{ .Group.a | printf "%s.%s" "x" }}', 'x.10'],
  ['{{ "a" | len }}', '1'],
  ['{{ len .Match }} {{ len .Group }} {{ len "äb" }}', '4 7 3'],
  ['{{ print 1 2 "a" 3 4 }}', '1 2a3 4'],
  ['{{ print "a" "b" }}', 'ab'],
  ['{{ println "a" 1 }}', 'a 1\n'],
  ['{{ slice .Name 0 2 }}', 'ip'],
  ['{{ slice .Name 3 }}', '10-7b.example.'],
  ['{{ slice .Match 1 3 }}', '[10 7b]'],
  ['{{ index "abc" 1 }}', '98'],
  ['{{ $x := .Name }}{{ $x }}', 'ip-10-7b.example.'],
  ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
  ['{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}', '21'],
  ['{{ $.Name }}', 'ip-10-7b.example.'],
  ['{{ if $y := .Group.a }}{{ $y }}{{ end }}', '10'],
  ['{{ $g := .Group }}{{ $g.a }}', '10'],
  ['{{ (index .Match 1) }}', '10'],
  ['{{ (.Group).a }}', '10'],
  [
    '{{ 1 }} {{ -5 }} {{ 0x10 }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ \'a\' }} {{ true }} {{ "a\\tb\\x41\\u00e9" }} {{ `r\\n` }}',
    '1 -5 16 3 15 15 1000 97 true a\tbAé r\\n',
  ],
  ['{{ .Name | }}', 'ip-10-7b.example.'],
  ['a }} b', 'a }} b'],
  ['{{ .Name \n| }}', 'ip-10-7b.example.'],
  ['{{ $1 := 2 }}{{ $1 }}', '2'],
  ['{{ .Name}} }}', 'ip-10-7b.example. }}'],
  ['{{ eq .Type "A" | printf "%v" }}', 'true'],
  ['{{- .Name }}', 'ip-10-7b.example.'],
  ['{{ -1 }}', '-1'],
  ['{{ .Name -}}  x', 'ip-10-7b.example.x'],
  ['x  {{- .Name}}', 'xip-10-7b.example.'],
  ['{{ if true }}a{{ else if false }}b{{ else }}c{{ end }}d', 'ad'],
]

// Go reads them, and fails when it executes them.
const failures: readonly string[] = [
  '{{ index .Match 9 }}',
  '{{ index .Match -1 }}',
  '{{ .Group.a.b }}',
  '{{ .Nope }}',
  '{{ .Name.x }}',
  '{{ .Meta }}',
  '{{ .Meta 1 }}',
  '{{ .Name "x" }}',
  '{{ and }}',
  '{{ lt 1 "a" }}',
  '{{ eq 1 "a" }}',
  '{{ eq .Match .Match }}',
  '{{ eq .Name }}',
  '{{ parseInt "1ff" 16 8 }}',
  '{{ parseInt "zz" 16 8 }}',
  '{{ parseInt "" 10 8 }}',
  '{{ parseInt "12" 1 8 }}',
  '{{ parseInt "12" 10 65 }}',
  '{{ parseInt "12" 10 }}',
  '{{ parseInt 12 10 8 }}',
  '{{ printf 1 }}',
  '{{ len 1 }}',
  '{{ slice .Name 9 3 }}',
  '{{ slice 1 2 }}',
  '{{ slice .Name 0 100 }}',
  '{{ index .Name "x" }}',
  '{{ index .Group 1 }}',
  '{{ index 1 1 }}',
  '{{ (index .Match 1).x }}',
  '{{ $x = 1 }}',
  '{{ nil }}',
  '{{ if nil }}a{{ end }}',
  '{{ .Näme }}',
  '{{ printf "%s" | .Name }}',
  '{{ not }}',
]

// Go's line and words.
const refused: readonly (readonly [template: string, problem: string])[] = [
  ['{{ $y }}', '1: undefined variable "$y"'],
  ['{{ if $y := 1 }}{{ end }}{{ $y }}', '1: undefined variable "$y"'],
  ['{{', '1: unclosed action'],
  ['{{ .Name', '1: unclosed action'],
  ['{{ .Name }', '1: unexpected "}" in operand'],
  ['{{ }}', '1: missing value for command'],
  ['{{}}', '1: missing value for command'],
  ['{{ foo }}', '1: function "foo" not defined'],
  ['{{ foo.bar }}', '1: function "foo" not defined'],
  ['{{ | .Name }}', '1: unexpected "|" in command'],
  ['{{ if }}a{{ end }}', '1: missing value for if'],
  ['{{ if true }}a', '1: unexpected EOF'],
  ['{{ if true }}a{{ else }}b', '1: unexpected EOF'],
  ['{{ if true }}a{{ else }}b{{ else }}c{{ end }}', '1: expected end; found {{else}}'],
  ['{{ end }}', '1: unexpected {{end}}'],
  ['{{ else }}', '1: unexpected {{else}}'],
  ['{{ ( .Name }}', '1: unclosed left paren'],
  ['{{ .Name ) }}', '1: unexpected right paren'],
  ['{{ "abc }}', '1: unterminated quoted string'],
  ['{{ `abc }}', '1: unterminated raw quoted string'],
  ["{{ 'a }}", '1: unterminated character constant'],
  ['{{ .Name; }}', "1: bad character U+003B ';'"],
  ['{{ .Name, }}', '1: unexpected "," in operand'],
  ['{{ a:b }}', '1: function "a" not defined'],
  ['{{ $x : 1 }}', '1: undefined variable "$x"'],
  ['{{ /* a }}', '1: unexpected "/" in command'],
  ['{{/* a */ b}}', '1: comment ends before closing delimiter'],
  ['{{/* a }}', '1: unclosed comment'],
  ['{{ 1.x }}', '1: bad number syntax: "1.x"'],
  ['{{ 12a }}', '1: bad number syntax: "12a"'],
  ['{{ "a".b }}', '1: unexpected . after term "\\"a\\""'],
  ['{{ 1 | 2 }}', '1: non executable command in pipeline stage 2'],
  ['{{ .Name | "x" }}', '1: non executable command in pipeline stage 2'],
  ['{{ .Name ~ }}', '1: unexpected "~" in operand'],
  ['{{ if true }}\n\n{{ foo }}{{ end }}', '3: function "foo" not defined'],
  ['{{ .Name }}', '1: bad character U+00A0'],
  ['{{ end if }}', '1: unexpected <if> in end'],
  ['{{ if end }}', '1: unexpected <end> in if'],
  ['{{ break }}', '1: {{break}} outside {{range}}'],
  ['{{ if true }}{{ end x }}', '1: unexpected "x" in end'],
  ['{{ .Name.}}', '1: unexpected <.> in operand'],
  ['{{ "\\q" }}', '1: invalid syntax'],
  ["{{ '' }}", '1: invalid syntax'],
  ["{{ 'ab' }}", "1: malformed character constant: 'ab'"],
  ['{{ 08 }}', '1: integer overflow: "08"'],
  ['{{ .Group.1 }}', '1: unexpected ".1" in operand'],
  ['{{ true.x }}', '1: unexpected . after term "true"'],
  ['{{ nil.x }}', '1: unexpected . after term "nil"'],
  ['{{ else if }}', '1: unexpected {{else}}'],
  ['{{ if true }}{{ else if }}{{ end }}', '1: missing value for if'],
]

// What Go would take.
const unsupported: readonly (readonly [template: string, problem: string])[] = [
  ['{{ . }}', '1: . is not supported here but with a field'],
  ['{{ $ }}', '1: $ is not supported here but with a field'],
  ['{{ .Message.Id }}', '1: .Message is not supported here'],
  ['{{ .Question }}', '1: .Question is not supported here but as .Question.Name, .Question.Qtype and .Question.Qclass'],
  ['a\n{{ range .Match }}{{ . }}{{ end }}', '2: {{range}} is not supported here'],
  ['{{ with .Name }}{{ end }}', '1: {{with}} is not supported here'],
  ['{{ define "x" }}{{ end }}', '1: {{define}} is not supported here'],
  ['{{ template "x" }}', '1: {{template}} is not supported here'],
  ['{{ block "x" . }}{{ end }}', '1: {{block}} is not supported here'],
  ['{{ html .Name }}', '1: function "html" is not supported here'],
  ['{{ 1.5 }}', '1: the number 1.5 is not supported here: no integer'],
]

suite('templates', () => {
  for (const [source, text] of texts) test(JSON.stringify(source), () => assert.equal(execute(source), text))
})

suite('templates that fail when a query comes', () => {
  for (const source of failures) {
    test(JSON.stringify(source), () => assert.throws(() => execute(source), { name: 'ExecutionError' }))
  }
})

suite('templates that are refused', () => {
  for (const [source, problem] of [...refused, ...unsupported]) {
    test(JSON.stringify(source), () =>
      assert.throws(() => execute(source), { name: 'TemplateError', message: `template: answer:${problem}` }),
    )
  }
  test('those that are nested too deep', () => {
    for (const source of ['{{ '.concat('('.repeat(10_000)), '{{ if true }}'.repeat(10_000)]) {
      assert.throws(() => execute(source), { message: 'template: answer:1: max expression depth exceeded' })
    }
  })
})
