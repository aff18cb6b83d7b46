import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { Type } from '../../../src/dns/codes.ts'
import { parseName, printName } from '../../../src/dns/name.ts'
import { decodeAddress } from '../../../src/dns/rdata.ts'
import { HostsEntries, parseHostsLine } from '../../../src/plugins/hosts/entries.ts'

suite('lines', () => {
  const lines: Readonly<Record<string, readonly [address: string, ...names: string[]] | undefined>> = {
    '10.0.0.1 a': ['10.0.0.1', 'a.'],
    ' \t10.0.0.1\ta\t\tB.Example.org.  c': ['10.0.0.1', 'a.', 'b.example.org.', 'c.'],
    '10.0.0.1 a # b': ['10.0.0.1', 'a.'],
    '10.0.0.1 a#b c': ['10.0.0.1', 'a.'],
    '2001:DB8:0::1 a': ['2001:db8::1', 'a.'],
    'fe80::1%eth0 a': ['fe80::1', 'a.'],
    '::ffff:10.0.0.1 a': ['10.0.0.1', 'a.'],
    '10.0.0.1 *.a *': ['10.0.0.1', '*.a.', '*.'],
    '10.0.0.1 a..b .c ok': ['10.0.0.1', 'ok.'],
    '10.0.0.1 a..b': ['10.0.0.1'],
    [`10.0.0.1 ${'a'.repeat(64)} b`]: ['10.0.0.1', 'b.'],
    '10.0.0.1 a\r': ['10.0.0.1', 'a.'],
    '': undefined,
    '# 10.0.0.1 a': undefined,
    '10.0.0.1': undefined,
    '10.0.0.1 # a': undefined,
    '10.0.0 a': undefined,
    '10.0.0.01 a': undefined,
    'a 10.0.0.1': undefined,
  }
  for (const [line, told] of Object.entries(lines)) {
    test(JSON.stringify(line), () => {
      const parsed = parseHostsLine(line)
      assert.deepEqual(parsed && [decodeAddress(parsed.address), ...parsed.names.map(printName)], told)
    })
  }
})

test('whatever a file says can be looked up or is nothing', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('10.0.0.1', '::1', 'a', '*.a', 'a.b', '#', ' ', '\t', '%x', '\\', '..', '\u0000'))
      .map((words) => words.join(' ')),
    fc.tuple(fc.ipV4(), fc.domain()).map((words) => words.join(' ')),
    fc.tuple(fc.ipV6(), fc.domain()).map((words) => words.join(' ')),
  )
  let found = 0
  fc.assert(
    fc.property(line, (text) => {
      const entries = new HostsEntries()
      entries.add(text)
      const { address, names } = parseHostsLine(text) ?? { address: undefined, names: [] }
      for (const name of names) {
        assert(address !== undefined)
        if (printName(name) === '*.') continue
        found++
        const type = address.length === 4 ? Type.A : Type.AAAA
        assert(entries.addresses(name, type).includes(address))
        assert.equal(entries.names(address).includes(name), !printName(name).startsWith('*.'))
      }
      assert.deepEqual(entries.addresses(parseName('surely.not.there.example.'), Type.A), [])
    }),
    { numRuns: 2000 },
  )
  assert(found > 100)
})
