// What the codec costs: `npm run bench -- codec`
import { Class, Opcode, Rcode, Type } from '../../src/dns/codes.ts'
import { decodeMessage, decodeQuery } from '../../src/dns/decode.ts'
import { encodeMessage, encodeReply } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Client } from '../../src/dns/query.ts'
import { encodeAddress, encodeSoa, encodeSrv } from '../../src/dns/rdata.ts'
import { reply } from '../../src/dns/reply.ts'
import { rrset } from '../../src/dns/rrset.ts'

const client: Client = {
  address: '127.0.0.1',
  port: 40_000,
  localAddress: '127.0.0.1',
  localPort: 53,
  transport: 'udp',
  server: 'dns://:53',
}
const stream: Client = { ...client, transport: 'tcp' }
const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }

function ask(name: string, type: number): Buffer {
  const questions = [{ name: parseName(name), type, class: Class.IN }]
  return encodeMessage(message({ id: 4711, opcode: Opcode.QUERY, recursionDesired: true, questions, edns }))
}

const zone = parseName('cluster.local.')
const soa = rrset(zone, Type.SOA, 5, [
  encodeSoa({
    mname: parseName('ns.dns.cluster.local.'),
    rname: parseName('hostmaster.cluster.local.'),
    serial: 1_790_000_000,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: 5,
  }),
])
const endpoint = (i: number) => parseName(`10-244-${i >> 8}-${i & 255}.web.default.svc.cluster.local.`)
const address = (i: number) => encodeAddress(`10.244.${i >> 8}.${i & 255}`)
const port = (i: number) => encodeSrv({ priority: 0, weight: 1, port: 80, target: endpoint(i) })
const thousand = Array.from({ length: 1000 }, (_, i) => i)

const plain = ask('web.default.svc.cluster.local.', Type.A)
const mixed = ask('wEb.DeFaUlT.sVc.ClUsTeR.lOcAl.', Type.A)
const into = Buffer.alloc(65_535)

function replyTo(
  question: Buffer,
  from: Client,
  fields: Parameters<typeof reply>[0],
): { run: () => void; octets: number } {
  const query = decodeQuery(question, from)
  const value = reply({ authoritative: true, ...fields })
  return { run: () => encodeReply(query, value, into), octets: encodeReply(query, value, into) }
}

function decoding(from: { run: () => void; octets: number }): { run: () => void; octets: number } {
  from.run()
  const octets = Buffer.from(into.subarray(0, from.octets))
  return { run: () => decodeMessage(octets), octets: octets.length }
}

const queried = decodeQuery(plain, client).asked
const oneA = replyTo(plain, client, { answer: [rrset(queried, Type.A, 5, [address(1)])] })
const manyA = replyTo(plain, stream, { answer: [rrset(queried, Type.A, 5, thousand.map(address))] })
const manySrv = replyTo(ask('web.default.svc.cluster.local.', Type.SRV), stream, {
  answer: [rrset(queried, Type.SRV, 5, thousand.map(port))],
  additional: thousand.map((i) => rrset(endpoint(i), Type.A, 5, [address(i)])),
})

const cases: Readonly<Record<string, { run: () => void; octets: number }>> = {
  'decodeQuery A, EDNS': { run: () => decodeQuery(plain, client), octets: plain.length },
  'decodeQuery A, EDNS, mixed case': { run: () => decodeQuery(mixed, client), octets: mixed.length },
  'encodeReply one A, EDNS': oneA,
  'encodeReply one A, EDNS, mixed case': replyTo(mixed, client, {
    answer: [rrset(decodeQuery(mixed, client).asked, Type.A, 5, [address(1)])],
  }),
  'encodeReply NXDOMAIN with SOA': replyTo(plain, client, { rcode: Rcode.NXDOMAIN, authority: [soa] }),
  'encodeReply 10 A': replyTo(plain, client, {
    answer: [rrset(queried, Type.A, 5, thousand.slice(0, 10).map(address))],
  }),
  'encodeReply 1,000 A': manyA,
  'encodeReply 1,000 SRV and their A': manySrv,
  'decodeMessage one A': decoding(oneA),
  'decodeMessage 1,000 A': decoding(manyA),
  'decodeMessage 1,000 SRV and their A': decoding(manySrv),
}

/** CPU nanoseconds of one call, the best of five rounds of about so many ns. */
function measure(run: () => void, length: number): number {
  const spend = (calls: number) => {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) run()
    const spent = process.cpuUsage(before)
    return (spent.user + spent.system) * 1000
  }
  let calls = 1
  while (spend(calls) < length) calls *= 2
  return Math.min(...Array.from({ length: 5 }, () => spend(calls) / calls))
}

export async function run(args: readonly string[]): Promise<void> {
  const length = args.includes('--smoke') ? 1e6 : 200e6
  for (const [name, { run, octets }] of Object.entries(cases)) {
    const cost = measure(run, length)
    process.stdout.write(`${name.padEnd(40)} ${cost.toFixed(0).padStart(9)} ns ${String(octets).padStart(6)} octets\n`)
  }
}
