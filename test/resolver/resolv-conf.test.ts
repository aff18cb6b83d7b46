import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasOption, numericOption, parseResolvConf, printResolvConf } from '../../src/resolver/resolv-conf.ts'

// resolv.conf(5).
for (const [what, text, expected] of [
  ['nothing', '', ''],
  ['a pod', 'search a b\nnameserver 10.96.0.10\noptions ndots:5\n', 'search a b|nameserver 10.96.0.10|options ndots:5'],
  ['comments', '# search x\n; search y\nsearch a\n', 'search a'],
  ['the last search list', 'search a b\nsearch c\n', 'search c'],
  ['a domain after a search list', 'search a b\ndomain c d\n', 'search c'],
  ['an empty search list after another', 'search a\nsearch\n', ''],
  ['options in several lines', 'options ndots:2\noptions timeout:1 rotate\n', 'options ndots:2 timeout:1 rotate'],
  ['tabs and space around', '\tnameserver\t::1  \n', 'nameserver ::1'],
  ['nameservers in order', 'nameserver 1.1.1.1\nnameserver 2.2.2.2\n', 'nameserver 1.1.1.1|nameserver 2.2.2.2'],
  ['unknown words', 'sortlist 1.2.3.4\nnameserver\nfoo\n', ''],
] as const) {
  test(`resolv.conf: ${what}`, () => {
    const printed = printResolvConf(parseResolvConf(text))
    assert.equal(printed, expected === '' ? '' : `${expected.replaceAll('|', '\n')}\n`)
    assert.deepEqual(parseResolvConf(printed), parseResolvConf(text))
  })
}

for (const [options, expected] of [
  ['', 1],
  ['ndots:5', 5],
  ['ndots:5 ndots:2', 2],
  ['ndots:', 1],
  ['ndots:x', 1],
  ['ndots:3x', 3],
  ['xndots:3', 1],
] as const) {
  test(`options ${options}: ndots is ${expected}`, () => {
    assert.equal(numericOption({ nameservers: [], search: [], options: options.split(' ') }, 'ndots', 1), expected)
  })
}

test('an option is there or not', () => {
  const conf = parseResolvConf('options use-vc ndots:2\n')
  assert.equal(hasOption(conf, 'use-vc'), true)
  assert.equal(hasOption(conf, 'ndots'), false)
})
