// `kubernetes`: answers for the names of a cluster, from a copy of it that follows the API server.
import { replicaWithFreshness } from '../../cluster/freshness.ts'
import { watchCluster } from '../../cluster/watch.ts'
import { Rcode, Type } from '../../dns/codes.ts'
import { isWithin, type Name } from '../../dns/name.ts'
import { errorReply, type Reply } from '../../dns/reply.ts'
import type { Log } from '../../log.ts'
import { after } from '../../maybe.ts'
import type { Handler, Plugin, WorkerContext } from '../../plugin.ts'
import { Answers } from './answer.ts'
import { ExposedCluster } from './exposed-cluster.ts'
import { find } from './lookup.ts'
import { metadataOf } from './metadata.ts'
import { type KubernetesOptions, parseOptions } from './options.ts'
import { outsideOf } from './outside.ts'
import { parseRequest } from './request.ts'
import { hostSearchList, searchPathInQuestion, searchPathOf } from './search-path.ts'
import { markStale, tellStaleness } from './stale.ts'
import { transferZone } from './transfer.ts'
import { findZone } from './zone.ts'

/** How often it is said that we wait for the API, milliseconds. */
const reminder = 500

export const kubernetes: Plugin<KubernetesOptions> = {
  name: 'kubernetes',

  parse: parseOptions,

  async background(options, { log, share, signal }) {
    for (const warning of options.warnings) log.warning(warning)
    const key = `kubernetes ${JSON.stringify(options.cluster)}`
    const watch = share(key, (signal) => watchCluster(options.cluster, log, signal))
    await waitFor(watch.started(options.startupTimeout), log)
    tellStaleness(options, (kind) => watch.ageOf(kind), log, signal)
    return { pending: () => watch.pending(), feed: { key, open: (port) => watch.feed(port) } }
  },

  handler: answerFrom,

  offers(options, context) {
    const exposed = exposedTo(options, context)
    const hostSearch = hostSearchList(context.log)
    return {
      transfer: (zone) => transferZone(exposed, zone),
      searchPath: (query) => searchPathOf(exposed, query, hostSearch),
      outside: outsideOf(exposed),
      searchPathInQuestion: (query) => searchPathInQuestion(exposed, query, hostSearch),
      metadata: (query, key) => metadataOf(exposed, query, key),
    }
  },
}

async function waitFor(started: Promise<boolean>, log: Log): Promise<void> {
  const reminders = setInterval(() => log.info('waiting for Kubernetes API before starting server'), reminder)
  try {
    if (!(await started)) log.warning('starting server with unsynced Kubernetes API')
  } finally {
    clearInterval(reminders)
  }
}

function exposedTo(options: KubernetesOptions, context: WorkerContext): ExposedCluster {
  return new ExposedCluster(context.feed(replicaWithFreshness), options, context.localAddresses)
}

function answerFrom(options: KubernetesOptions, context: WorkerContext): Handler {
  const exposed = exposedTo(options, context)
  const answers = new Answers(exposed, context.ask)
  const fallsThrough = (name: Name) => options.fallthrough.some((zone) => isWithin(name, zone))
  const refused: Reply = { ...errorReply(Rcode.REFUSED), fresh: true, plugin: 'kubernetes' }
  // hot
  return (query, next) => {
    const { name } = query
    const zone = findZone(options.zones, name)
    if (zone === undefined) return next(query)
    if (query.type === Type.AXFR || query.type === Type.IXFR) return refused
    const request = parseRequest(name, zone)
    const zoneAsked = query.asked === name ? zone.name : (query.asked.slice(name.length - zone.name.length) as Name)
    const asked = { query, request, zone, zoneAsked }
    const found = find(exposed, query, request, zone)
    if (found !== undefined) {
      const answer = answers.of(asked, found)
      return exposed.isStale(request, zone) ? after(answer, markStale) : answer
    }
    if (exposed.isUnsynced(request, zone)) return answers.servfail(asked)
    if (fallsThrough(name)) return next(query)
    const denial = answers.nxdomain(asked)
    return exposed.isStale(request, zone) ? markStale(denial) : denial
  }
}
