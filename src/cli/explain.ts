// `explain`: why a name resolves, or not, as a pod's resolver asks for it.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { canonicalAddress, reverseName } from '../dns/address.ts'
import { parseType, Type } from '../dns/codes.ts'
import { lowerName, NameError, parseName, printName } from '../dns/name.ts'
import type { Server } from '../explain/ask.ts'
import { type ClusterView, type PodView, readCluster } from '../explain/cluster-view.ts'
import { type Explained, explain as examine } from '../explain/explain.ts'
import { colour, plain, printReport } from '../explain/print.ts'
import { exitCode } from '../explain/report.ts'
import { parseHostResolvConf, podResolvConf } from '../resolver/kubelet.ts'
import { parseResolvConf, type ResolvConf } from '../resolver/resolv-conf.ts'
import { type Resolver, resolverNamed, resolvers } from '../resolver/resolvers.ts'
import { parseAsked } from '../resolver/walk.ts'
import { explainUsage, FlagError, type Flags, parseFlags } from './flags.ts'
import { readDomain, readNamespace } from './resolv.ts'

const table = {
  valued: [
    'from',
    'namespace',
    'resolv-conf',
    'resolver',
    'server',
    'kubeconfig',
    'context',
    'cluster-domain',
    'timeout',
  ],
  switches: ['json'],
}

const usage = `usage: explain NAME [TYPE] [flags]
  -from [NS/]POD          ask as this pod does (needs -kubeconfig)
  -namespace NS           ask as a pod of this namespace does
  -resolv-conf FILE       ask as this file says (default: /etc/resolv.conf, or namespace default with -kubeconfig)
  -resolver NAME          ${resolvers.map(({ name }) => name).join(', ')} (default glibc)
  -server HOST[:PORT]     ask this server, an address, in place of the nameservers
  -kubeconfig FILE        look into the cluster for the reasons
  -context NAME           of the kubeconfig, in place of the current one
  -cluster-domain DOMAIN  (default: as the search list has it, or else cluster.local)
  -timeout SECONDS        of one attempt of one question (default 2)
  -json                   for programs
`

/** The words of the command line, read but not looked at yet. */
interface Command {
  readonly asked: string
  readonly types: readonly number[]
  readonly resolver: Resolver
  readonly server: Server | undefined
  readonly timeoutMs: number
  readonly flags: Flags
}

/** What went wrong before anything was asked; the message is for the operator. */
class SetupError extends Error {
  override name = 'SetupError'
}

/** Resolves to the exit code: 0 resolved, 1 no such name, 2 wrong usage, 3 server unreachable. */
export async function explain(args: readonly string[]): Promise<number> {
  try {
    const command = readCommand(args)
    const report = await examine(await subjectOf(command))
    const style = process.stdout.isTTY && process.env.NO_COLOR === undefined ? colour : plain
    const json = command.flags.switches.has('json')
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : printReport(report, style))
    return exitCode(report)
  } catch (error) {
    if (error instanceof SetupError) {
      process.stderr.write(`${error.message}\n`)
      return 3
    }
    return explainUsage(error, usage)
  }
}

/** Names may stand before, between and after the flags. */
function readCommand(args: readonly string[]): Command {
  const words: string[] = []
  const values = new Map<string, string>()
  const switches = new Set<string>()
  for (let rest = args; rest.length > 0; ) {
    const flags = parseFlags(rest, table)
    for (const [name, value] of flags.values) values.set(name, value)
    for (const name of flags.switches) switches.add(name)
    words.push(...flags.rest.slice(0, 1))
    rest = flags.rest.slice(1)
  }
  const flags: Flags = { values, switches, rest: words }
  const [asked, type, ...more] = words
  if (asked === undefined) throw new FlagError('no name to explain')
  if (more.length > 0) throw new FlagError(`extra command line arguments: [${more.join(' ')}]`)
  const ways = ['from', 'namespace', 'resolv-conf'].filter((name) => values.has(name))
  if (ways.length > 1) throw new FlagError(`-${ways[0]} and -${ways[1]} can't both be given`)
  if (values.has('from') && !values.has('kubeconfig')) throw new FlagError('-from needs -kubeconfig')
  const resolver = resolverNamed(values.get('resolver') ?? 'glibc')
  if (resolver === undefined) throw new FlagError(`no resolver ${JSON.stringify(values.get('resolver'))}`)
  const seconds = Number(values.get('timeout') ?? '2')
  if (!(seconds > 0 && seconds <= 60)) throw new FlagError(`invalid timeout ${JSON.stringify(values.get('timeout'))}`)
  const server = values.has('server') ? readServer(values.get('server') ?? '') : undefined
  return { ...readQuestion(asked, type), resolver, server, timeoutMs: seconds * 1000, flags }
}

/** An address stands for its reverse name; a name without a type is asked for both kinds of addresses. */
function readQuestion(asked: string, typed: string | undefined): Pick<Command, 'asked' | 'types'> {
  const type = typed === undefined ? undefined : parseType(typed)
  if (typed !== undefined && (type === undefined || type === Type.OPT || type === Type.AXFR || type === Type.IXFR)) {
    throw new FlagError(`can't ask for type ${JSON.stringify(typed)}`)
  }
  const address = canonicalAddress(asked)
  if (address !== undefined) return { asked: printName(reverseName(address)), types: [type ?? Type.PTR] }
  try {
    parseAsked(asked)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new FlagError(error.message)
  }
  return { asked, types: type === undefined ? [Type.A, Type.AAAA] : [type] }
}

/** `10.96.0.10`, `10.96.0.10:53`, `[::1]:53`, `::1`. */
function readServer(text: string): Server {
  const [, bracketed, plainHost, port] = /^(?:\[(.*)\]|([^:]*))(?::([0-9]{1,5}))?$/.exec(text) ?? [
    undefined,
    text,
    '',
    undefined,
  ]
  const address = bracketed ?? plainHost ?? ''
  const number = Number(port ?? 53)
  if (isIP(address) === 0 || number < 1 || number > 65_535) {
    throw new FlagError(`${JSON.stringify(text)} is no address of a server: 10.96.0.10, 10.96.0.10:53 or [fd00::a]:53`)
  }
  return { address, port: number }
}

async function subjectOf(command: Command): Promise<Explained> {
  const { asked, types, resolver, server, timeoutMs, flags } = command
  const file = flags.values.get('kubeconfig')
  const view = file === undefined ? undefined : await lookAt(file, flags.values.get('context') ?? '')
  const client = clientOf(flags, view)
  const listed = client.conf.nameservers.map((address) => ({ address, port: 53 }))
  return {
    asked,
    types,
    resolver,
    conf: client.conf,
    servers: server === undefined ? listed : [server],
    namespace: client.namespace,
    zone: lowerName(parseName(client.domain)),
    view,
    timeoutMs,
  }
}

async function lookAt(file: string, context: string): Promise<ClusterView> {
  try {
    return await readCluster({ from: 'kubeconfig', file, context })
  } catch (error) {
    throw new SetupError(`can't read the cluster: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

interface Client {
  readonly conf: ResolvConf
  readonly namespace: string
  readonly domain: string
}

/** Whose resolv.conf it is: a pod's, that of any pod of a namespace, or a file. */
function clientOf({ values }: Flags, view: ClusterView | undefined): Client {
  const given = values.get('cluster-domain')
  if (given !== undefined) readDomain(given)
  const from = values.get('from')
  const namespace = values.get('namespace')
  if (from !== undefined && view !== undefined) {
    const pod = podNamed(from, view)
    return inCluster(pod.namespace, pod, view, given ?? 'cluster.local')
  }
  if (namespace !== undefined || (view !== undefined && !values.has('resolv-conf'))) {
    return inCluster(readNamespace(namespace ?? 'default'), undefined, view, given ?? 'cluster.local')
  }
  const conf = parseResolvConf(readFile(values.get('resolv-conf') ?? '/etc/resolv.conf'))
  const [, own = '', domain = 'cluster.local'] = /(?:^| )([^ .]+)\.svc\.([^ ]+)/.exec(conf.search.join(' ')) ?? []
  return { conf, namespace: own, domain: given ?? domain }
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new FlagError(`can't read ${file}: ${(error as Error).message}`)
  }
}

/** As kubelet would write it, on a node whose own resolv.conf is empty: that isn't known here. */
function inCluster(
  namespace: string,
  pod: PodView | undefined,
  view: ClusterView | undefined,
  clusterDomain: string,
): Client {
  const clusterDns = view?.cluster.service('kube-system', 'kube-dns')?.clusterIPs ?? []
  const { conf } = podResolvConf({
    namespace,
    policy: pod?.dnsPolicy ?? 'ClusterFirst',
    hostNetwork: pod?.hostNetwork ?? false,
    dnsConfig: pod?.dnsConfig,
    // Where it isn't known the address must be given; the list is made all the same.
    clusterDns: clusterDns.length > 0 ? clusterDns : ['0.0.0.0'],
    clusterDomain: clusterDomain.replace(/\.$/, ''),
    host: parseHostResolvConf(''),
  })
  const nameservers = conf.nameservers.filter((address) => address !== '0.0.0.0')
  return { conf: { ...conf, nameservers }, namespace, domain: clusterDomain }
}

function podNamed(text: string, view: ClusterView): PodView {
  const [first = '', second] = text.split('/')
  const [namespace, name] = second === undefined ? ['default', first] : [first, second]
  const pod = view.pods.find((candidate) => candidate.namespace === namespace && candidate.name === name)
  if (pod === undefined) throw new FlagError(`there is no pod \`${name}\` in namespace \`${namespace}\``)
  return pod
}
