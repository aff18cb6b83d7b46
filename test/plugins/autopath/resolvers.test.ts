// Clients behind autopath: 10,000 names in a world where much is broken, each looked up by glibc's and musl's rules. A and AAAA of a
// name agree, and the client gets what it would get by a walk of its own.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { printRcode, printType, Rcode, Type } from '../../../src/dns/codes.ts'
import { lowerName, type Name, parseName, printName } from '../../../src/dns/name.ts'
import type { Query } from '../../../src/dns/query.ts'
import { decodeName, encodeAddress, encodeName } from '../../../src/dns/rdata.ts'
import { type Reply, reply } from '../../../src/dns/reply.ts'
import { type Rrset, rrset } from '../../../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../../../src/dns/text.ts'
import type { Next } from '../../../src/plugin.ts'
import { walkGlibc } from '../../../src/resolver/glibc.ts'
import { walkMusl } from '../../../src/resolver/musl.ts'
import type { ResolvConf } from '../../../src/resolver/resolv-conf.ts'
import { type Outcome, parseAsked, type Walker } from '../../../src/resolver/walk.ts'
import { handlerFor } from '../../ask.ts'
import { queryOf } from '../../context.ts'

const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
after(() => rmSync(folder, { recursive: true }))

const search = ['testns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example']
const conf: ResolvConf = { nameservers: [], search, options: ['ndots:5'] }
const resolvConf = join(folder, 'resolv.conf')
writeFileSync(resolvConf, `search ${search.join(' ')}\n`)

/** The same numbers each time (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function hash(text: string): number {
  let value = 2_166_136_261
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16_777_619) >>> 0
  return value
}

const soa = parseRecord('example. 60 IN SOA ns.example. h.example. 1 60 60 60 60')
const denial = (rcode: number): Reply => reply({ rcode, authority: [soa], recursionAvailable: true })

/** What the Internet says, name by name. Of the failures, most are for one type only. */
const upstream: Next = (query) => {
  const { name, type } = query
  const address = (): Reply =>
    reply({
      recursionAvailable: true,
      answer: [rrset(query.asked, type, 60, [encodeAddress(type === Type.A ? '192.0.2.1' : '2001:db8::1')])],
    })
  const is4 = type === Type.A
  switch (hash(name) % 16) {
    case 0:
      return address()
    case 1:
      return is4 ? address() : denial(Rcode.NOERROR)
    case 2:
      return is4 ? denial(Rcode.NOERROR) : address()
    case 3:
      return is4 ? address() : denial(Rcode.NXDOMAIN)
    case 4:
      return is4 ? address() : denial(Rcode.SERVFAIL)
    case 5:
      return is4 ? denial(Rcode.NOERROR) : denial(Rcode.NXDOMAIN)
    case 6:
      return is4 ? denial(Rcode.NXDOMAIN) : denial(Rcode.SERVFAIL)
    case 7:
      return denial(Rcode.NOERROR)
    case 8: {
      const target = parseName('target.example.')
      const alias = rrset(query.asked, Type.CNAME, 60, [encodeName(target)])
      return reply({ answer: [alias, ...address().answer.map((one) => ({ ...one, owner: target }))] })
    }
    default:
      return denial(Rcode.NXDOMAIN)
  }
}

const words = ['svc1', 'hdls', 'testns', 'default', 'svc', 'cluster', 'local', 'ext', 'www', 'api', 'corp', 'example']
const tops = ['com', 'org', 'io', 'svc', 'cluster.local', 'svc.cluster.local', 'testns', 'default']

function randomName(below: (most: number) => number): string {
  const labels: string[] = []
  for (let count = below(3); count >= 0; count--) {
    labels.push(below(2) === 0 ? (words[below(words.length)] as string) : `h${below(5000).toString(36)}`)
  }
  if (below(3) > 0) labels.push(tops[below(tops.length)] as string)
  return labels.join('.')
}

function outcomeOf({ rcode, answer }: Reply, type: number): Outcome {
  if (rcode === Rcode.NXDOMAIN) return 'nxdomain'
  if (rcode === Rcode.SERVFAIL) return 'servfail'
  if (rcode !== Rcode.NOERROR) return 'error'
  if (answer.some((one) => one.type === type)) return 'answer'
  return answer.length > 0 ? 'alias' : 'nodata'
}

/** Looks a name up; the records the client gets, without the names they stand under, and the questions it took. */
async function lookUp(
  walker: Walker,
  serve: Next,
  text: string,
  see: (question: string, replies: readonly Reply[]) => void,
): Promise<{ addresses: string[]; questions: number }> {
  const walk = walker(conf, parseAsked(text), [Type.A, Type.AAAA])
  const steps: (readonly Reply[])[] = []
  let next = walk.next([])
  while (next.done !== true) {
    const { name, types } = next.value
    const replies: Reply[] = []
    for (const type of types) {
      replies.push(await serve(queryOf(`${printName(name)} ${printType(type)}`, { client: { address: '10.244.5.1' } })))
    }
    see(printName(name), replies)
    steps.push(replies)
    next = walk.next(replies.map((got, i) => outcomeOf(got, types[i] as number)))
  }
  const { taken } = next.value
  const addresses = taken
    .flatMap((step) => steps[step] ?? [])
    .flatMap(({ answer }) => answer)
    .filter(({ type }) => type === Type.A || type === Type.AAAA)
    .flatMap(printRecords)
    .map((line) => line.split(' ').at(-1) as string)
  return { addresses: [...new Set(addresses)].sort(), questions: steps.length }
}

/** The name that a reply leads to from the one that was asked for. */
function target(answer: readonly Rrset[]): Name | undefined {
  const [first] = answer
  const [rdata] = first?.type === Type.CNAME ? first.rdatas : []
  return rdata === undefined ? undefined : lowerName(decodeName(rdata))
}

/** Of what is walked for: A and AAAA lead to the same name; neither denies what the other affirms. */
function agree(question: string, replies: readonly Reply[]): void {
  if (!question.endsWith(`.${search[0]}.`)) return
  const rcodes = replies.map(({ rcode }) => rcode)
  const words = `${question}: ${rcodes.map(printRcode).join(', ')}`
  if (rcodes.includes(Rcode.NXDOMAIN)) assert.deepEqual([...new Set(rcodes)], [Rcode.NXDOMAIN], words)
  const targets = replies.filter(({ answer }) => answer.length > 0).map(({ answer }) => target(answer))
  assert.ok(new Set(targets).size <= 1, `${question}: ${targets.map((one) => one && printName(one)).join(', ')}`)
}

const counted = (serve: Next): Next & { count: number } => {
  const count = (query: Query) => {
    count.count++
    return serve(query)
  }
  count.count = 0
  return count
}

for (const [title, walker, isThorough] of [
  ['glibc', walkGlibc, true],
  // It gives up where one type of a name fails, for which autopath goes on.
  ['musl', walkMusl, false],
] as const) {
  test(`${title}: A and AAAA of 10,000 names agree, and what is found without autopath is found with it`, async () => {
    const rest = 'acl\ncache\nkubernetes cluster.local {\n  pods verified\n}'
    const serve = counted(handlerFor(`autopath ${resolvConf}\n${rest}`, { next: upstream }))
    const plain = counted(handlerFor(rest, { next: upstream }))
    const below = numbers(7)
    const names = new Set<string>()
    while (names.size < 10_000) {
      const name = randomName(below)
      // NAME.NS of the own namespace is found as NAME is: questions for the two can't be told apart (the page, Bugs).
      if (!/\.testns(?:$|\.svc(?:$|\.))/.test(name)) names.add(name)
    }
    let walked = 0
    for (const name of names) {
      const got = await lookUp(walker, serve, name, agree)
      const expected = await lookUp(walker, plain, name, () => undefined)
      if (expected.addresses.length > 0 || isThorough) assert.deepEqual(got.addresses, expected.addresses, name)
      assert.ok(got.questions <= expected.questions, name)
      if (got.addresses.length > 0 && got.questions < expected.questions) walked++
    }
    assert.ok(walked > 1000, `autopath walked for ${walked} names`)
    assert.ok(serve.count < plain.count, `${serve.count} questions instead of ${plain.count}`)
  })
}
