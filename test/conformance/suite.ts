// The suite's one helper: a subject started on a cluster, and tables of questions asked of it over the wire.
//
// SUBJECT=ours (default) or coredns, then with COREDNS=/path/to/coredns; COREFILE=file in the place of ./Corefile, for the
// files that don't bring their own.
// Nothing here knows how a subject is made: it is a program that takes `-conf FILE -dns.port N` and speaks DNS.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseType, printRcode } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { type Message, message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Edns } from '../../src/dns/query.ts'
import type { Rrset } from '../../src/dns/rrset.ts'
import { printRecords } from '../../src/dns/text.ts'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'
import { askTcp, ask as askUdp } from '../server/ask.ts'
import { type Behaviour, type Face, FaultyUpstream } from '../upstream.ts'

const fixtures = fileURLToPath(new URL('../fixtures/cluster', import.meta.url))
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const corefile = process.env.COREFILE ?? fileURLToPath(new URL('Corefile', import.meta.url))
const subject = process.env.SUBJECT ?? 'ours'

/** What is asked, and the reply that must come, by UDP and TCP. Records are lines; a serial is written SERIAL. */
export interface Case {
  readonly ask: string
  /** NOERROR where absent. */
  readonly rcode?: string
  /** None where absent; in any order. */
  readonly answer?: readonly string[]
  /** None where absent. */
  readonly authority?: readonly string[]
  /** Not looked at where absent: the specification leaves them to the server. */
  readonly additional?: readonly string[]
  /** True where absent. */
  readonly authoritative?: boolean
  /** Why CoreDNS answers otherwise. The test fails when it no longer does. */
  readonly differs?: string
}

/** What a subject is started with. */
export interface Setup {
  /**
   * Text of a Corefile in the place of ./Corefile. In it {$UPSTREAM} is the upstream's address, {$NAME} that of another one
   * with this name and {$NAME_PORT} its port, {$KUBECONFIG} the cluster's file, {$FOLDER} a folder for files, and {$PORT_A}, {$PORT_B}, {$PORT_C} are ports that are free.
   */
  readonly corefile?: string
  /** What the upstream does; none is started where absent. */
  readonly behave?: Behaviour
  /** More upstreams, by name. */
  readonly upstreams?: Readonly<Record<string, { readonly behave: Behaviour } & Face>>
  /** Files or folders of manifests in the place of the suite's. */
  readonly manifests?: readonly string[]
  /** May names of services begin with a digit? */
  readonly relaxedServiceNames?: boolean
  /** Files of {$FOLDER}: text by name. */
  readonly files?: Readonly<Record<string, string>>
}

/** The SOA record of negative answers, as the suite's Corefile makes it. */
export const soa = 'cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 30'

/** Starts the subject once, asks all of it, and ends it. */
export function conformance(title: string, cases: readonly Case[], setup: Setup = {}): void {
  withSubject(
    title,
    (portOf) => {
      for (const one of cases) {
        test(one.ask, async () => {
          for (const how of [askUdp, askTcp]) {
            const reply = await how(portOf(), questionOf(one.ask))
            assert.ok(reply, 'a reply')
            compare(tell(decodeMessage(reply), one), expectation(one), one.differs)
          }
        })
      }
    },
    setup,
  )
}

/** A suite whose tests have a subject at a port of 127.0.0.1, and upstreams beside it where the setup says what they do. */
export function withSubject(
  title: string,
  tests: (portOf: () => number, upstreamOf: (name?: string) => FaultyUpstream, clusterOf: () => Sandbox) => void,
  setup: Setup = {},
): void {
  suite(title, () => {
    let port = 0
    const upstreams = new Map<string, FaultyUpstream>()
    let cluster: Sandbox | undefined
    let end: (() => Promise<void>) | undefined
    before(async () => {
      if (setup.behave !== undefined) upstreams.set('UPSTREAM', await FaultyUpstream.open(setup.behave))
      for (const [name, { behave, ...face }] of Object.entries(setup.upstreams ?? {})) {
        upstreams.set(name, await FaultyUpstream.open(behave, face))
      }
      const started = await startSubject(setup, upstreams)
      port = started.port
      cluster = started.cluster
      end = started.end
    })
    after(async () => {
      await end?.()
      await Promise.all([...upstreams.values()].map((upstream) => upstream.die()))
    })
    tests(
      () => port,
      (name = 'UPSTREAM') => upstreams.get(name) ?? assert.fail(`the setup has no ${name}`),
      () => cluster ?? assert.fail('the setup has no cluster'),
    )
  })
}

/** How a single question is asked. */
export interface Manner {
  readonly transport?: 'udp' | 'tcp'
  /** The size of UDP messages the client takes; without it and the other fields of EDNS there is no OPT record. */
  readonly udpSize?: number
  readonly dnssecOk?: boolean
  readonly options?: Edns['options']
  readonly class?: 'IN' | 'CH'
}

/** Asks `NAME TYPE`; resolves to the reply and its size in octets, or to undefined where none comes. */
export async function askSubject(
  port: number,
  question: string,
  { transport = 'udp', udpSize, dnssecOk, options, class: klass = 'IN' }: Manner = {},
): Promise<{ readonly reply: Message; readonly size: number } | undefined> {
  const extended = udpSize !== undefined || dnssecOk !== undefined || options !== undefined
  const edns = { udpSize: udpSize ?? 1232, version: 0, dnssecOk: dnssecOk ?? false, options: options ?? [] }
  const octets = questionOf(question, { class: klass === 'IN' ? 1 : 3, edns: extended ? edns : undefined })
  const got = await (transport === 'udp' ? askUdp(port, octets, { wait: 8000 }) : askTcp(port, octets))
  return got === undefined || got.length === 0 ? undefined : { reply: decodeMessage(got), size: got.length }
}

/** Asks and tells the reply: `RCODE FLAGS`, then its records, sorted, with `ttls: false` without their TTLs; or `silence`. */
export async function linesFor(
  port: number,
  question: string,
  { ttls = true, ...manner }: Manner & { readonly ttls?: boolean } = {},
): Promise<string[]> {
  const got = await askSubject(port, question, manner)
  if (got === undefined) return ['silence']
  const { reply } = got
  const flags = `${reply.authoritative ? ' aa' : ''}${reply.truncated ? ' tc' : ''}${reply.recursionAvailable ? ' ra' : ''}`
  const lines = [reply.answer, reply.authority, reply.additional].flatMap((section) =>
    section
      .flatMap(printRecords)
      .map((line) => line.replace(/( SOA \S+ \S+) \d+/, '$1 SERIAL'))
      .map((line) => (ttls ? line : line.replace(/^(\S+) \d+/, '$1')))
      .sort(),
  )
  return [printRcode(reply.rcode) + flags, ...lines]
}

/** What was got is what was expected; of CoreDNS it is not, where there is a reason for a difference. */
export function compare(got: unknown, expected: unknown, differs: string | undefined): void {
  if (subject === 'coredns' && differs !== undefined) {
    assert.notDeepEqual(got, expected, `CoreDNS now answers as we do: ${differs}`)
  } else assert.deepEqual(got, expected)
}

/** The octets of a question, `NAME TYPE`, with RD and ID 4711. */
export function questionOf(
  text: string,
  { class: klass = 1, edns }: { readonly class?: number; readonly edns?: Edns | undefined } = {},
): Buffer {
  const [name = '', type = ''] = text.split(' ')
  const asked = { name: parseName(name), type: parseType(type) ?? assert.fail(`type ${type}`), class: klass }
  return encodeMessage(message({ id: 4711, recursionDesired: true, questions: [asked], edns }))
}

/** What is compared of a reply. */
function tell(reply: Message, { additional }: Case): object {
  const lines = (section: readonly Rrset[]) =>
    section
      .flatMap(printRecords)
      .map((line) => line.replace(/( SOA \S+ \S+) \d+/, '$1 SERIAL'))
      .sort()
  return {
    id: reply.id,
    rcode: printRcode(reply.rcode),
    authoritative: reply.authoritative,
    recursionDesired: reply.recursionDesired,
    truncated: reply.truncated,
    answer: lines(reply.answer),
    authority: lines(reply.authority),
    ...(additional === undefined ? {} : { additional: lines(reply.additional) }),
  }
}

function expectation(one: Case): object {
  return {
    id: 4711,
    rcode: one.rcode ?? 'NOERROR',
    authoritative: one.authoritative ?? true,
    recursionDesired: true,
    truncated: false,
    answer: [...(one.answer ?? [])].sort(),
    authority: [...(one.authority ?? [])].sort(),
    ...(one.additional === undefined ? {} : { additional: [...one.additional].sort() }),
  }
}

function commandOf(): readonly string[] {
  if (subject === 'ours') return [process.execPath, main]
  if (subject === 'coredns' && process.env.COREDNS) return [process.env.COREDNS]
  throw new Error('SUBJECT is ours, or coredns with COREDNS=/path/to/coredns')
}

// Known by the server itself and nobody else, so that upstream and caches never hear of the question.
const probe = 'probe.test. A'
const probeBlock = '\nprobe.test {\n    bind 127.0.0.1\n    whoami\n}\n'

interface Subject {
  readonly port: number
  /** Undefined where the Corefile names none. */
  readonly cluster: Sandbox | undefined
  readonly end: () => Promise<void>
}

async function startSubject(setup: Setup, upstreams: ReadonlyMap<string, FaultyUpstream>): Promise<Subject> {
  const text = setup.corefile === undefined ? readFileSync(corefile, 'utf8') : setup.corefile + probeBlock
  const clustered = text.includes('{$KUBECONFIG}')
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-conformance-'))
  const kubeconfig = join(folder, 'kubeconfig')
  const { manifests = [fixtures], relaxedServiceNames = false } = setup
  const sandbox = clustered
    ? await startSandbox({ manifests, relaxedServiceNames, clusterDomain: 'cluster.local' })
    : undefined
  await sandbox?.settled()
  sandbox?.writeKubeconfig(kubeconfig)
  for (const [name, content] of Object.entries(setup.files ?? {})) writeFileSync(join(folder, name), content)
  writeFileSync(join(folder, 'Corefile'), text)
  const port = await freePort()
  const [command = '', ...args] = commandOf()
  const child = spawn(command, [...args, '-conf', join(folder, 'Corefile'), '-dns.port', `${port}`], {
    env: {
      ...process.env,
      KUBECONFIG: kubeconfig,
      FOLDER: folder,
      ...Object.fromEntries(
        [...upstreams].flatMap(([name, { address, port }]) => [
          [name, address],
          [`${name}_PORT`, `${port}`],
        ]),
      ),
      PORT_A: `${await freePort()}`,
      PORT_B: `${await freePort()}`,
      PORT_C: `${await freePort()}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'exit')
  const end = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await exit
    await sandbox?.close()
    rmSync(folder, { recursive: true })
  }
  const first = clustered ? 'kubernetes.default.svc.cluster.local. A' : probe
  for (let attempt = 0; attempt < 300; attempt++) {
    assert.equal(child.exitCode, null, `the subject has ended: ${output}`)
    const reply = await askUdp(port, questionOf(first), { wait: 200 })
    if (reply !== undefined && (!clustered || decodeMessage(reply).answer.length > 0))
      return { port, cluster: sandbox, end }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await end()
  throw new Error(`the subject doesn't answer: ${output}`)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
