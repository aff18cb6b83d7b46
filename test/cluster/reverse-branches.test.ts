import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ReverseBranches } from '../../src/cluster/reverse-branches.ts'
import { reverseName } from '../../src/dns/address.ts'
import { isWithin, type Name, parentOf, parseName, root } from '../../src/dns/name.ts'

/** The branches of one object that holds these addresses. */
function branchesOf(...addresses: readonly string[]): ReverseBranches {
  const branches = new ReverseBranches()
  for (const address of addresses) branches.add(address)
  return branches
}

suite('has', () => {
  const branches = branchesOf('10.96.0.1', '10.244.1.2', 'fd00:10:96::1')
  const cases: Readonly<Record<string, boolean>> = {
    'in-addr.arpa.': true,
    '10.in-addr.arpa.': true,
    '96.10.in-addr.arpa.': true,
    '0.96.10.in-addr.arpa.': true,
    '1.244.10.in-addr.arpa.': true,
    // A whole address is no branch, whether it is there or not.
    '1.0.96.10.in-addr.arpa.': false,
    '1.0.96.10.10.in-addr.arpa.': false,
    '11.in-addr.arpa.': false,
    '1.96.10.in-addr.arpa.': false,
    // No octets.
    '010.in-addr.arpa.': false,
    '266.in-addr.arpa.': false,
    'x.in-addr.arpa.': false,
    '96\\.10.in-addr.arpa.': false,
    'ip6.arpa.': true,
    'd.f.ip6.arpa.': true,
    '0.0.d.f.ip6.arpa.': true,
    '0.1.0.0.0.0.d.f.ip6.arpa.': true,
    // Between two groups everything is taken to be there.
    '9.ip6.arpa.': true,
    '0.0.0.8.ip6.arpa.': false,
    '9.9.9.0.0.d.f.ip6.arpa.': true,
    '9.9.9.9.0.0.d.f.ip6.arpa.': false,
    '10.ip6.arpa.': false,
    'g.ip6.arpa.': false,
    'example.org.': false,
    'arpa.': false,
  }
  for (const [name, expected] of Object.entries(cases)) {
    test(name, () => assert.equal(branches.has(parseName(name)), expected))
  }
})

const address = fc.oneof(
  fc.constantFrom('10.96.0.1', '10.96.0.2', '10.96.1.1', '10.97.0.1', '11.0.0.1', 'fd00::1', 'fd00::2', 'fd00:1::'),
  fc.ipV4(),
)
const holder = fc.record({ key: fc.constantFrom('a', 'b', 'c'), holds: fc.array(address, { maxLength: 4 }) })

test('every name above that of an address is there, and no other, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(holder, { maxLength: 12 }), (changes) => {
      const branches = new ReverseBranches()
      const held = new Map<string, readonly string[]>()
      const seen = new Set<Name>()
      for (const { key, holds } of changes) {
        for (const address of new Set(holds)) branches.add(address)
        for (const address of new Set(held.get(key))) branches.remove(address)
        held.set(key, holds)
        for (const one of holds) for (let name = reverseName(one); name !== root; name = parentOf(name)) seen.add(name)
      }
      const names = [...held.values()].flat().map(reverseName)
      for (const name of seen) {
        const isAbove = names.some((one) => one !== name && isWithin(one, name))
        if (isAbove && name !== parseName('arpa.')) assert(branches.has(name))
        if (!isAbove && name.endsWith(parseName('in-addr.arpa.'))) assert(!branches.has(name))
      }
    }),
  )
})
