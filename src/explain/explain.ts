// Resolves a name as a given resolver would, asking a real server, and finds out why it came out as it did.
import { printType, Type } from '../dns/codes.ts'
import { type Name, printName } from '../dns/name.ts'
import type { ResolvConf } from '../resolver/resolv-conf.ts'
import type { Resolver } from '../resolver/resolvers.ts'
import { parseAsked } from '../resolver/walk.ts'
import type { Server } from './ask.ts'
import type { ClusterView } from './cluster-view.ts'
import { findings } from './findings.ts'
import { Inquiry, printServer } from './inquiry.ts'
import { missing } from './insight.ts'
import { bare } from './name-insight.ts'
import type { ReplyReport, Report, StepReport } from './report.ts'
import { resolve } from './resolution.ts'
import { stepInsights } from './step-insight.ts'

export interface Explained {
  /** As somebody typed it. */
  readonly asked: string
  /** Asked for together where there are several. */
  readonly types: readonly number[]
  readonly resolver: Resolver
  readonly conf: ResolvConf
  /** Those of the resolv.conf, or others in their place, in order. */
  readonly servers: readonly Server[]
  /** Of the pod that asks; '' where it isn't known. */
  readonly namespace: string
  /** The cluster's domain, lower-cased. */
  readonly zone: Name
  /** Undefined where nothing is known of the cluster. */
  readonly view: ClusterView | undefined
  /** Milliseconds for one attempt of one question. */
  readonly timeoutMs?: number
}

/** Never rejects for what a server does. Throws NameError for a name that is none. */
export async function explain(subject: Explained): Promise<Report> {
  const inquiry = new Inquiry(subject.servers, subject.timeoutMs ?? 2000)
  if (!(await isThere(subject, inquiry))) return unreachable(subject, inquiry)
  const walked = await resolve(subject.resolver.walk, subject.conf, subject.asked, subject.types, inquiry)
  const { tried, verdict } = walked
  const steps: StepReport[] = []
  for (const [at, { name, types, replies }] of tried.entries()) {
    const insights = await stepInsights({ name, types, replies }, subject, inquiry)
    steps.push({ name: printName(name), replies, taken: verdict.taken.includes(at), insights })
  }
  return {
    ...heading(subject),
    steps,
    end: verdict.end,
    result: steps.filter((step) => step.taken).flatMap((step) => step.replies.flatMap((reply) => reply.data)),
    told: verdict.report,
    because: verdict.because,
    findings: await findings(subject, walked, steps, inquiry),
    questions: tried.reduce((sum, { types }) => sum + types.length, 0),
  }
}

/** A server that answers anything at all is there; one that is slow for names of others may be quick for its own. */
async function isThere({ zone, asked, types }: Explained, inquiry: Inquiry): Promise<boolean> {
  const { name } = parseAsked(asked)
  const isReply = (reply: ReplyReport): boolean => reply.outcome !== 'timeout' && reply.outcome !== 'unreachable'
  return isReply(await inquiry.ask(zone, Type.SOA)) || isReply(await inquiry.ask(name, types[0] ?? Type.A))
}

async function unreachable(subject: Explained, inquiry: Inquiry): Promise<Report> {
  const { errors } = await inquiry.ask(subject.zone, Type.SOA)
  const none = subject.servers.length === 0
  const text = none ? 'there is no nameserver to ask' : `no server answers: ${errors.join('; ')}`
  const advice = none
    ? 'name one with --server'
    : 'is the address right, and does a network policy allow port 53 over UDP and TCP?'
  return {
    ...heading(subject),
    steps: [],
    end: 'unreachable',
    result: [],
    told: '',
    because: '',
    findings: [missing(9, 'server-unreachable', text, advice)],
    questions: 0,
  }
}

function heading({ asked, types, resolver, servers, conf, namespace, zone }: Explained) {
  return {
    asked,
    types: types.map(printType),
    resolver: resolver.name,
    servers: servers.map(printServer),
    search: conf.search,
    options: conf.options,
    namespace,
    clusterDomain: bare(zone),
  }
}
