// Questions and the replies they must get: the one thing all table tests of plugins are made with.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clusterOf } from '../src/cluster/cluster-of.ts'
import type { Store } from '../src/cluster/store.ts'
import { parseCorefile } from '../src/corefile/parse.ts'
import { printRcode, Rcode } from '../src/dns/codes.ts'
import { lowerName, type Name } from '../src/dns/name.ts'
import type { Client, Edns, Query } from '../src/dns/query.ts'
import { type Reply, reply } from '../src/dns/reply.ts'
import type { Rrset } from '../src/dns/rrset.ts'
import { parseRecord, printRecords } from '../src/dns/text.ts'
import { type Log, logTo } from '../src/log.ts'
import type { Maybe } from '../src/maybe.ts'
import type { Next, Plugin } from '../src/plugin.ts'
import { plugins as allPlugins } from '../src/plugins/index.ts'
import { readManifests } from '../src/sandbox/manifests.ts'
import { buildChains } from '../src/server/chain.ts'
import { setUp } from '../src/server/setup.ts'
import { queryOf } from './context.ts'

/** The manifests of the one cluster all suites know. */
export const fixtureFolder = fileURLToPath(new URL('fixtures/cluster', import.meta.url))
export const fixtureSerial = 1_700_000_000

/** A store of its own with the fixture cluster, synced, its serial `fixtureSerial`. */
export function fixtureCluster(): Store {
  return clusterOf(readManifests(fixtureFolder), fixtureSerial)
}

/** What is asked, as `svc1.testns.svc.cluster.local. A`, and the whole reply that must come. Records are lines. */
export interface Case {
  readonly ask: string
  /** Set apart from other cases with the same question. */
  readonly when?: string
  readonly from?: Partial<Client>
  readonly edns?: Edns
  /** NOERROR where absent. */
  readonly rcode?: string
  /** None where absent; in any order. */
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  /** True where absent. */
  readonly authoritative?: boolean
  /** False where absent. */
  readonly truncated?: boolean
  readonly recursionAvailable?: boolean
  readonly authenticData?: boolean
  /** Records must come in the order given. */
  readonly ordered?: boolean
  /** Compared only where given. */
  readonly fresh?: boolean
  readonly plugin?: string
}

/** A test for each case, named after its question. `make` is called once. */
export function run(title: string, make: () => Next, cases: readonly Case[]): void {
  suite(title, () => {
    const ask = make()
    for (const one of cases) {
      test(one.when === undefined ? one.ask : `${one.ask} ${one.when}`, async () =>
        check(await ask(questionOf(one)), one),
      )
    }
  })
}

function questionOf({ ask, from, edns }: Case): Query {
  return queryOf(ask, { ...(from === undefined ? {} : { client: from }), ...(edns === undefined ? {} : { edns }) })
}

/** Throws an AssertionError unless the reply is the one of the case. */
export function check(got: Reply, expected: Case): void {
  const { ordered = false, fresh, plugin } = expected
  const lines = (records: readonly string[]) => (ordered ? records : records.toSorted())
  const printed = (rrsets: readonly Rrset[]) => lines(rrsets.flatMap(printRecords))
  assert.deepEqual(
    {
      rcode: printRcode(got.rcode),
      authoritative: got.authoritative,
      truncated: got.truncated,
      recursionAvailable: got.recursionAvailable,
      authenticData: got.authenticData,
      answer: printed(got.answer),
      authority: printed(got.authority),
      additional: printed(got.additional),
      ...(fresh === undefined ? {} : { fresh: got.fresh }),
      ...(plugin === undefined ? {} : { plugin: got.plugin }),
    },
    {
      rcode: expected.rcode ?? 'NOERROR',
      authoritative: expected.authoritative ?? true,
      truncated: expected.truncated ?? false,
      recursionAvailable: expected.recursionAvailable ?? false,
      authenticData: expected.authenticData ?? false,
      answer: lines(expected.answer ?? []),
      authority: lines(expected.authority ?? []),
      additional: lines(expected.additional ?? []),
      ...(fresh === undefined ? {} : { fresh }),
      ...(plugin === undefined ? {} : { plugin }),
    },
  )
}

export interface Surroundings {
  /** What becomes of each plugin's feed: for `kubernetes` a Cluster, the fixture where absent. */
  readonly feeds?: Readonly<Record<string, unknown>>
  /** All of ours where absent. */
  readonly plugins?: readonly Plugin<never>[]
  /** Stands at the end of every chain. */
  readonly next?: Next
  readonly localAddresses?: readonly string[]
  readonly log?: Log
}

/** The chain of a server block with these directives and keys (`.` where absent), as a worker runs it. */
export function handlerFor(body: string, surroundings: Surroundings & { readonly keys?: string } = {}): Next {
  return serverFor(`${surroundings.keys ?? '.'} {\n${body}\n}`, surroundings)
}

/** All server blocks of a Corefile, as a worker runs them. Replies may be promised. */
export function serverFor(corefile: string, surroundings: Surroundings = {}): Next {
  const { feeds = {}, next, localAddresses = [], log = logTo(() => undefined) } = surroundings
  const fail = (): never => assert.fail('no files here')
  const blocks = parseCorefile(corefile, { file: 'Corefile', port: 53, env: {}, read: fail, glob: fail, warn: fail })
  const last: Plugin = { name: 'last', parse: () => null, handler: () => (query) => (next ?? fail)(query) }
  const plugins = [...((surroundings.plugins ?? allPlugins) as readonly Plugin[]), last]
  const setups = setUp(blocks, plugins).map((setup) => ({
    ...setup,
    plugins: [
      ...setup.plugins.map((part) => ({ ...part, feedKey: part.name })),
      ...(next === undefined ? [] : [{ name: 'last', config: null }]),
    ],
  }))
  let fixture: Store | undefined
  const feed = (name: string): unknown => {
    if (name in feeds) return feeds[name]
    if (name !== 'kubernetes') return assert.fail(`no feed for ${name}`)
    fixture ??= fixtureCluster()
    return fixture
  }
  return buildChains(setups, plugins, {
    log,
    localAddresses,
    feed: <T>(key: string) => feed(key) as T,
    workers: 1,
    signal: new AbortController().signal,
  })
}

/** Answers from these records, following their CNAMEs; NXDOMAIN for other names. */
export function answerFrom(records: readonly string[]): Next {
  const rrsets = records.map((record) => parseRecord(record))
  const at = (name: Name, type: number): Rrset[] =>
    rrsets.filter((each) => lowerName(each.owner) === name && each.type === type)
  return (query): Maybe<Reply> => {
    const answer: Rrset[] = []
    for (let { name } = query, hops = 0; hops < 10; hops++) {
      const found = at(name, query.type)
      const [alias] = found.length > 0 ? found : at(name, 5)
      if (found.length > 0) answer.push(...found)
      if (found.length > 0 || alias === undefined) break
      answer.push(alias)
      name = lowerName(alias.rdatas[0] as string as Name)
    }
    const isThere = answer.length > 0 || rrsets.some((each) => lowerName(each.owner) === query.name)
    return reply({ rcode: isThere ? Rcode.NOERROR : Rcode.NXDOMAIN, answer, recursionAvailable: true, plugin: 'last' })
  }
}
