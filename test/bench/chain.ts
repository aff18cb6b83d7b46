// What a query costs between the sockets: kubeadm's chain asked in this process, from the octets of a question to the
// octets of its reply, the whole mixture and each kind of question by itself. `npm run bench -- chain [--services 10000]`
import { parseArgs } from 'node:util'
import { clusterOf } from '../../src/cluster/cluster-of.ts'
import { Class, Opcode, Type } from '../../src/dns/codes.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import type { Client } from '../../src/dns/query.ts'
import { logTo } from '../../src/log.ts'
import { answerWith } from '../../src/server/answer.ts'
import { serverFor } from '../ask.ts'
import { objectsOf, questionsOf } from './synthetic-cluster.ts'

const corefile = `.:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loadbalance
}`

const kinds = ['A', 'AAAA', 'SRV', 'NXDOMAIN', 'PTR', 'pod by name'] as const
type Kind = (typeof kinds)[number]

const edns = { udpSize: 1232, version: 0, dnssecOk: false, options: [] }

function encodeQuestion(line: string): Buffer {
  const [name = '', type = ''] = line.split(' ')
  const questions = [{ name: parseName(name), type: Type[type as 'A'], class: Class.IN }]
  return encodeMessage(message({ id: 4711, opcode: Opcode.QUERY, recursionDesired: true, questions, edns }))
}

function kindOf(line: string): Kind {
  if (line.startsWith('pod-')) return 'pod by name'
  if (line.endsWith(' A')) return line.split('.').length > 5 ? 'NXDOMAIN' : 'A'
  return line.split(' ')[1] as Kind
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      services: { type: 'string', default: '10000' },
      rounds: { type: 'string', default: '40' },
      smoke: { type: 'boolean', default: false },
    },
  })
  const services = values.smoke ? 20 : Number(values.services)
  const rounds = values.smoke ? 1 : Number(values.rounds)
  const size = { services, endpoints: 5, namespaces: 20 }
  const cluster = clusterOf([...objectsOf(size)])
  const answer = answerWith(
    serverFor(corefile, { feeds: { kubernetes: cluster, loop: undefined } }),
    logTo(() => undefined),
  )
  const client: Client = {
    address: '127.0.0.1',
    port: 40_000,
    localAddress: '127.0.0.1',
    localPort: 53,
    transport: 'udp',
    server: 'dns://:53',
  }
  const lines = [...questionsOf(size, 20_000)]
  const groups = new Map<string, Buffer[]>([['all', lines.map(encodeQuestion)]])
  for (const kind of kinds) groups.set(kind, lines.filter((line) => kindOf(line) === kind).map(encodeQuestion))
  const into = Buffer.alloc(4096)
  const received = Buffer.alloc(4096)
  const ask = (questions: readonly Buffer[], count: number): number => {
    // As from the kernel: all through the same buffer, and read in a row.
    const octets = Buffer.concat(questions)
    const ends = Uint32Array.from(questions, (question) => question.length)
    for (let n = 1; n < ends.length; n++) ends[n] = (ends[n] as number) + (ends[n - 1] as number)
    const before = process.cpuUsage()
    for (let n = 0, start = 0; n < count; n++) {
      const at = n % ends.length
      if (at === 0) start = 0
      const end = ends[at] as number
      octets.copy(received, 0, start, end)
      answer(received, end - start, client, into)
      start = end
    }
    const spent = process.cpuUsage(before)
    return ((spent.user + spent.system) * 1000) / count
  }
  ask(groups.get('all') as Buffer[], values.smoke ? 1000 : 500_000)
  for (const [kind, questions] of groups) {
    if (questions.length === 0) continue
    const costs = Array.from({ length: rounds }, () => ask(questions, 20_000))
    process.stdout.write(
      `${kind.padEnd(12)} ${Math.min(...costs)
        .toFixed(0)
        .padStart(6)} ns\n`,
    )
  }
}
