// What is found in random zones is what RFC 1034 4.3.2 and RFC 4592 say, worked out name by name without a tree.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Rcode, Type } from '../../../src/dns/codes.ts'
import { isWithin, type Name, parentOf, parseName } from '../../../src/dns/name.ts'
import type { Reply } from '../../../src/dns/reply.ts'
import { type Rdata, type Rrset, rrset } from '../../../src/dns/rrset.ts'
import { parseRecord } from '../../../src/dns/text.ts'
import { resolve } from '../../../src/plugins/file/resolve.ts'
import { Zone } from '../../../src/plugins/file/zone.ts'
import { queryOf } from '../../context.ts'

const origin = parseName('z.')
const apex = ['z. 5 SOA ns.z. a.z. 1 2 3 4 5', 'z. 5 NS ns.z.'].map((line) => parseRecord(line))

const label = fc.constantFrom('a', 'b', '*')
const relative = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => `${labels.join('.')}.z.`)
const rdataOf = new Map([
  [Type.A as number, '\x0a\0\0\x01' as Rdata],
  [Type.TXT, '\x01x' as Rdata],
  [Type.NS, '\x02ns\x04test\0' as Rdata],
])
const types = fc.constantFrom<number>(Type.A, Type.A, Type.A, Type.TXT, Type.NS)
const records = fc
  .uniqueArray(fc.tuple(relative, types), { maxLength: 12, selector: (record) => record.join() })
  // A wildcard delegates nothing (RFC 4592 4.2), and we say what it says.
  .map((list) => list.filter(([owner, type]) => type !== Type.NS || !owner.startsWith('*')))

/** What must come: the owner of the answer's records, or why there are none. */
function expected(owners: ReadonlyMap<Name, ReadonlySet<number>>, name: Name, type: number): string {
  const above: Name[] = []
  for (let each = name; each !== origin; each = parentOf(each)) above.unshift(each)
  for (const each of above) if (owners.get(each)?.has(Type.NS)) return `referral to ${each}`
  const exists = (one: Name) => one === origin || [...owners.keys()].some((owner) => isWithin(owner, one))
  const typesAt = (one: Name) => (owners.get(one)?.has(type) ? 'answer' : 'nothing')
  if (exists(name)) return typesAt(name)
  const encloser = above.filter(exists).at(-1) ?? origin
  const wildcard = `\x01*${encloser}` as Name
  return exists(wildcard) ? typesAt(wildcard) : 'no such name'
}

function told({ rcode, answer, authority, authoritative }: Reply): string {
  if (rcode === Rcode.NXDOMAIN) return 'no such name'
  if (answer.length > 0) return 'answer'
  if (!authoritative) return `referral to ${authority[0]?.owner}`
  return authority[0]?.type === Type.SOA ? 'nothing' : 'neither'
}

test('random zones', () => {
  fc.assert(
    fc.property(records, relative, fc.constantFrom('A', 'TXT'), (list, asked, type) => {
      const zone = new Zone(origin)
      const owners = new Map<Name, Set<number>>()
      const add = (each: Rrset) => {
        zone.add(each)
        owners.set(each.owner, (owners.get(each.owner) ?? new Set()).add(each.type))
      }
      for (const each of apex) add(each)
      for (const [owner, of] of list) add(rrset(parseName(owner), of, 5, [rdataOf.get(of) as Rdata]))
      const query = queryOf(`${asked} ${type}`)
      const reply = resolve(zone, query, { ask: () => assert.fail(), falls: () => false })
      assert.ok(reply !== undefined && !(reply instanceof Promise))
      assert.equal(told(reply), expected(owners, query.name, query.type))
      for (const { owner } of reply.answer) assert.equal(owner, query.asked)
    }),
    { numRuns: 3000 },
  )
})
