// The suite's one helper: a subject started on a cluster, and tables of questions asked of it over the wire.
//
// SUBJECT=ours (default) or coredns, then with COREDNS=/path/to/coredns; COREFILE=file in the place of ./Corefile.
// Nothing here knows how a subject is made: it is a program that takes `-conf FILE -dns.port N` and speaks DNS.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
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
import type { Rrset } from '../../src/dns/rrset.ts'
import { printRecords } from '../../src/dns/text.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { askTcp, ask as askUdp } from '../server/ask.ts'

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

/** The SOA record of negative answers, as the suite's Corefile makes it. */
export const soa = 'cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 30'

/** Starts the subject once, asks all of it, and ends it. */
export function conformance(title: string, cases: readonly Case[]): void {
  withSubject(title, (portOf) => {
    for (const one of cases) {
      test(one.ask, async () => {
        for (const how of [askUdp, askTcp]) {
          const reply = await how(portOf(), questionOf(one.ask))
          assert.ok(reply, 'a reply')
          compare(tell(decodeMessage(reply), one), expectation(one), one.differs)
        }
      })
    }
  })
}

/** A suite whose tests have a subject at a port of 127.0.0.1. */
export function withSubject(title: string, tests: (portOf: () => number) => void): void {
  suite(title, () => {
    let port = 0
    const ends: (() => Promise<unknown>)[] = []
    before(async () => {
      const started = await startSubject()
      port = started.port
      ends.push(started.end)
    })
    after(() => Promise.all(ends.map((end) => end())))
    tests(() => port)
  })
}

/** What was got is what was expected; of CoreDNS it is not, where there is a reason for a difference. */
export function compare(got: unknown, expected: unknown, differs: string | undefined): void {
  if (subject === 'coredns' && differs !== undefined) {
    assert.notDeepEqual(got, expected, `CoreDNS now answers as we do: ${differs}`)
  } else assert.deepEqual(got, expected)
}

function questionOf(text: string): Buffer {
  const [name = '', type = ''] = text.split(' ')
  const asked = { name: parseName(name), type: parseType(type) ?? assert.fail(`type ${type}`), class: 1 }
  return encodeMessage(message({ id: 4711, recursionDesired: true, questions: [asked] }))
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

async function startSubject(): Promise<{ readonly port: number; readonly end: () => Promise<void> }> {
  const sandbox = await startSandbox({ manifests: [fixtures], clusterDomain: 'cluster.local' })
  await sandbox.settled()
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-conformance-'))
  const kubeconfig = join(folder, 'kubeconfig')
  sandbox.writeKubeconfig(kubeconfig)
  const port = await freePort()
  const [command = '', ...args] = commandOf()
  const child = spawn(command, [...args, '-conf', corefile, '-dns.port', `${port}`], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'exit')
  const end = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await exit
    await sandbox.close()
    rmSync(folder, { recursive: true })
  }
  for (let attempt = 0; attempt < 300; attempt++) {
    assert.equal(child.exitCode, null, `the subject has ended: ${output}`)
    const reply = await askUdp(port, questionOf('kubernetes.default.svc.cluster.local. A'), { wait: 200 })
    if (reply !== undefined && decodeMessage(reply).answer.length > 0) return { port, end }
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
