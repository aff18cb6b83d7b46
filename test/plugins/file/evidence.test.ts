// Signatures and denials of a signed zone, by RFC 4035 3.1. That they convince is shown with delv in test/e2e.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRcode, printType } from '../../../src/dns/codes.ts'
import { printName } from '../../../src/dns/name.ts'
import { decode16 } from '../../../src/dns/octets.ts'
import type { Rrset } from '../../../src/dns/rrset.ts'
import { handlerFor } from '../../ask.ts'
import { queryOf } from '../../context.ts'
import { copiesOfTexts } from './zones.ts'

/** Records, each with a signature of its type. */
const signed = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const [owner, type] = line.split(' ')
      const isPlain = line.startsWith('-')
      return isPlain ? [line.slice(1)] : [line, `${owner} RRSIG ${type} 13 2 5 2000000000 1 1 z. AAAA`]
    })
    .join('\n')

const text = `$TTL 5\n${signed(`
@ SOA ns a 1 2 3 4 5
@ NS ns
@ NSEC *.alias A NS SOA RRSIG NSEC
*.alias CNAME www
*.alias NSEC a.ent CNAME RRSIG NSEC
a.ent A 192.0.2.1
a.ent NSEC ns A RRSIG NSEC
ns A 192.0.2.2
ns NSEC old A RRSIG NSEC
old DNAME www
old NSEC secure DNAME RRSIG NSEC
-secure NS ns.secure
secure DS 1 2 3 ab
secure NSEC unsigned NS DS RRSIG NSEC
-ns.secure A 192.0.2.3
-unsigned NS ns
unsigned NSEC *.w NS RRSIG NSEC
*.w A 192.0.2.4
*.w NSEC www A RRSIG NSEC
www A 192.0.2.5
www MX 1 ns
www NSEC @ A MX RRSIG NSEC
`)}`

const ask = handlerFor('file db z', {
  feeds: { file: copiesOfTexts({ 'z.': text, 'plain.': '@ 5 SOA a b 1 2 3 4 5' }) },
})
const dnssecOk = { udpSize: 4096, version: 0, dnssecOk: true, options: [] }

/** `OWNER TYPE`, of signatures `OWNER =TYPE` of what they cover. */
const brief = (section: readonly Rrset[]) =>
  section.map(({ owner, type, rdatas }) => {
    const covered = type === 46 ? `=${printType(decode16(rdatas[0] ?? '', 0))}` : printType(type)
    return `${printName(owner)} ${covered}`
  })

const servers = ['z. NS', 'z. =NS']
const soa = ['z. SOA', 'z. =SOA']
const denial = (owner: string) => [`${owner} NSEC`, `${owner} =NSEC`]

for (const [question, rcode, answer, authority, additional = []] of [
  ['www.z. A', 'NOERROR', ['www.z. A', 'www.z. =A'], servers],
  ['WWW.z. MX', 'NOERROR', ['WWW.z. MX', 'WWW.z. =MX'], servers, ['ns.z. A', 'ns.z. =A']],
  ['z. NS', 'NOERROR', servers, [], ['ns.z. A', 'ns.z. =A']],
  // No such type.
  ['www.z. AAAA', 'NOERROR', [], [...soa, ...denial('www.z.')]],
  ['ent.z. A', 'NOERROR', [], [...soa, ...denial('*.alias.z.')]],
  // No such name, and no wildcard.
  ['b.z. A', 'NXDOMAIN', [], [...soa, ...denial('*.alias.z.'), ...denial('z.')]],
  ['x.www.z. A', 'NXDOMAIN', [], [...soa, ...denial('www.z.')]],
  ['b.ent.z. A', 'NXDOMAIN', [], [...soa, ...denial('a.ent.z.'), ...denial('*.alias.z.')]],
  // Wildcards: there is no nearer name.
  ['x.w.z. A', 'NOERROR', ['x.w.z. A', 'x.w.z. =A'], [...servers, ...denial('*.w.z.')]],
  ['x.w.z. AAAA', 'NOERROR', [], [...soa, ...denial('*.w.z.')]],
  ['*.w.z. A', 'NOERROR', ['*.w.z. A', '*.w.z. =A'], servers],
  [
    'x.alias.z. A',
    'NOERROR',
    ['x.alias.z. CNAME', 'x.alias.z. =CNAME', 'www.z. A', 'www.z. =A'],
    [...servers, ...denial('*.alias.z.')],
  ],
  // Delegations.
  ['x.secure.z. A', 'NOERROR', [], ['secure.z. NS', 'secure.z. DS', 'secure.z. =DS'], ['ns.secure.z. A']],
  ['secure.z. DS', 'NOERROR', ['secure.z. DS', 'secure.z. =DS'], servers],
  ['x.unsigned.z. A', 'NOERROR', [], ['unsigned.z. NS', ...denial('unsigned.z.')], ['ns.z. A', 'ns.z. =A']],
  ['unsigned.z. DS', 'NOERROR', [], [...soa, ...denial('unsigned.z.')]],
  // The alias made of a DNAME record needs no signature (RFC 6672 5.3.1).
  ['x.old.z. A', 'NXDOMAIN', ['old.z. DNAME', 'old.z. =DNAME', 'x.old.z. CNAME'], [...soa, ...denial('www.z.')]],
] as const) {
  test(`${question} with DO`, async () => {
    const reply = await ask(queryOf(question, { edns: dnssecOk }))
    assert.deepEqual(
      [printRcode(reply.rcode), brief(reply.answer), brief(reply.authority), brief(reply.additional)],
      [rcode, answer, authority, additional],
    )
  })
}

test('without DO nobody hears of signatures but those who ask for them', async () => {
  const plain = await ask(queryOf('nothing.z. A', { edns: { ...dnssecOk, dnssecOk: false } }))
  assert.deepEqual(brief(plain.authority), ['z. SOA'])
  const asked = await ask(queryOf('www.z. RRSIG'))
  assert.equal(asked.answer[0]?.rdatas.length, 3)
})
