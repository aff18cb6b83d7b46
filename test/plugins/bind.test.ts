import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { suite, test } from 'node:test'
import { bind } from '../../src/plugins/bind.ts'
import { configOf, isCorefileError } from '../context.ts'

/** The loopback interface of this host (`lo`, `lo0`) and its addresses. */
const [loopback = '', loopbackAddresses = []] =
  Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(({ address }) => address === '127.0.0.1'),
  ) ?? []
const ofLoopback = loopbackAddresses.map(({ address, scopeid }) => (scopeid ? `${address}%${loopback}` : address))

function addressesOf(stanza: string): readonly string[] {
  return bind.listen?.(configOf(bind, stanza), { addresses: [] }).addresses ?? []
}

suite('addresses', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'bind 127.0.0.1': ['127.0.0.1'],
    'bind 1.2.3.4 ::5': ['1.2.3.4', '::5'],
    'bind 2001:DB8:0:0::1': ['2001:db8::1'],
    'bind ::ffff:1.2.3.4': ['1.2.3.4'],
    'bind 0.0.0.0 ::': ['0.0.0.0', '::'],
    // Several add up.
    'bind 1.2.3.4\nbind 5.6.7.8': ['1.2.3.4', '5.6.7.8'],
    'bind 1.2.3.4 5.6.7.8 {\n  except 5.6.7.8\n}': ['1.2.3.4'],
    'bind 1.2.3.4 5.6.7.8 {\n  except 1.2.3.4\n  except 5.6.7.8\n}': ['1.2.3.4'],
    'bind 1.2.3.4 {\n  except 5.6.7.8\n}\nbind 5.6.7.8': ['1.2.3.4', '5.6.7.8'],
    [`bind ${loopback}`]: ofLoopback,
    [`bind 1.2.3.4 ${loopback}`]: ['1.2.3.4', ...ofLoopback],
    [`bind ${loopback} 1.2.3.4 {\n  except 127.0.0.1\n}`]: [
      ...ofLoopback.filter((text) => text !== '127.0.0.1'),
      '1.2.3.4',
    ],
    [`bind 127.0.0.1 1.2.3.4 {\n  except ${loopback}\n}`]: ['1.2.3.4'],
  }
  for (const [stanza, addresses] of Object.entries(cases)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(addressesOf(stanza), addresses))
  }
  test('what is there already stays', () => {
    assert.deepEqual(bind.listen?.(configOf(bind, 'bind ::1'), { addresses: ['127.0.0.1'] }), {
      addresses: ['127.0.0.1', '::1'],
    })
  })
})

suite('errors', () => {
  const bad: Readonly<Record<string, string>> = {
    bind: 'Corefile:2 - Error during parsing: at least one address or interface name is expected',
    'bind 1.2.3.4 {\n  except\n}':
      'Corefile:3 - Error during parsing: at least one address or interface must be given to except subdirective',
    'bind 1.2.3.4 {\n  x\n}': "Corefile:3 - Error during parsing: unknown property 'x'",
    'bind 1.2.3.4\nbind 1.2.3.invalid':
      'Corefile:3 - Error during parsing: not a valid IP address or interface name: "1.2.3.invalid"',
    'bind 1.2.3.4 {\n  except nobody\n}':
      'Corefile:2 - Error during parsing: not a valid IP address or interface name: "nobody"',
    'bind fe80::1%nobody':
      'Corefile:2 - Error during parsing: not a valid IP address or interface name: "fe80::1%nobody"',
    'bind toString': 'Corefile:2 - Error during parsing: not a valid IP address or interface name: "toString"',
    'bind 1.2.3.4 {\n  except 1.2.3.4\n}':
      'Corefile:2 - Error during parsing: no address to listen on: 1.2.3.4 has none',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => addressesOf(stanza), isCorefileError(`plugin/bind: ${message}`)),
    )
  }
})
