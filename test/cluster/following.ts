// A watch of an API server through a faulty proxy, with the copy of the cluster that a worker has of it.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import type { Access, Connection } from '../../src/cluster/credentials.ts'
import { replicaWithFreshness } from '../../src/cluster/freshness.ts'
import { clusterKinds } from '../../src/cluster/kinds.ts'
import type { ReflectorTiming } from '../../src/cluster/reflector.ts'
import { Store } from '../../src/cluster/store.ts'
import { type ClusterOptions, type ClusterWatch, watchCluster } from '../../src/cluster/watch.ts'
import { logTo } from '../../src/log.ts'
import { difference, listCluster } from './churn.ts'
import { FaultyProxy } from './faulty-proxy.ts'

/** As in production, but that nothing takes long. */
export const hasty: ReflectorTiming = {
  backOff: { minMs: 20, maxMs: 200 },
  silenceMs: 60_000,
  healthyMs: 100,
  watchSeconds: 300,
  pageSize: 3,
  relistMs: 3_600_000,
}

/** A test fails after this long, milliseconds; nothing takes a hundredth of it but on a machine that has a lot else to do. */
export const patienceMs = 100_000

/**
 * For a server that is to be found silent, milliseconds: where an answer takes longer because the machine has a lot else to
 * do, nothing would ever come of it.
 */
export const shortSilenceMs = 1000

export async function until(what: string, condition: () => unknown): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited too long for ${what}`)
    await sleep(5)
  }
}

export interface Following {
  readonly proxy: FaultyProxy
  /** Of the proxy. */
  readonly url: string
  readonly watch: ClusterWatch
  readonly cluster: Store
  /** What was logged, debug lines too. */
  readonly lines: readonly string[]
  /** Waits until a worker knows what the server behind the proxy has. */
  converged(): Promise<void>
}

export interface FollowingOptions extends Partial<Omit<ClusterOptions, 'connection'>> {
  /** Through the proxy at this URL, by `endpoint` unless said otherwise. */
  readonly connection?: (url: string) => Connection
  readonly timing?: Partial<ReflectorTiming>
}

/** Everything is ended when `use` is done. */
export async function following(
  upstream: Access,
  options: FollowingOptions,
  use: (following: Following) => Promise<void>,
): Promise<void> {
  const proxy = new FaultyProxy(upstream)
  const url = await proxy.listen()
  const stop = new AbortController()
  const lines: string[] = []
  const log = logTo((line) => lines.push(line.trimEnd()))
  log.setDebug(true)
  const { connection, timing, ...others } = options
  const all: ClusterOptions = {
    connection: connection?.(url) ?? { from: 'endpoint', url, tls: undefined },
    kinds: clusterKinds,
    labelSelector: '',
    namespaceSelector: '',
    ...others,
  }
  const watch = watchCluster(all, log, stop.signal, { ...hasty, ...timing })
  const { port1, port2 } = new MessageChannel()
  const cluster = replicaWithFreshness(port2)
  assert.ok(cluster instanceof Store)
  watch.feed(port1)
  const converged = async (): Promise<void> => {
    let problem: string | undefined = 'never compared'
    await until('the state of the server', async () => {
      // A server that has just come up may refuse to be asked yet.
      problem = await listCluster(proxy.upstream).then((state) => difference(state, cluster), String)
      return problem === undefined && watch.pending().length === 0
    }).catch((error: Error) => assert.fail(`${error.message}\n${problem}\n${lines.slice(-200).join('\n')}`))
  }
  try {
    await use({ proxy, url, watch, cluster, lines, converged })
  } finally {
    stop.abort()
    await proxy.close()
  }
}

export function accessTo(url: string): Access {
  return { url: new URL(url), headers: {}, tls: {}, agent: undefined }
}
