// What kubelet and kube-proxy do for the pods of kube-dns, with real containers: the sandbox decides which pods there are, here
// they are started, asked whether they are ready, told to end, and put behind the Service's address.
import { setTimeout as sleep } from 'node:timers/promises'
import type { EndpointSlice, Pod } from '../../src/sandbox/resources.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { type Container, type ContainerSpec, startContainer } from './container.ts'
import { clusterIP, joinPod, leavePod, type Network, nodeAddress, type PodNetwork } from './network.ts'
import { forgetFlows, setEndpoints } from './service-proxy.ts'

export interface KubeletOptions {
  readonly sandbox: Sandbox
  readonly network: Network
  /** What to run for an image. */
  readonly container: (image: string) => Omit<ContainerSpec, 'name' | 'network' | 'mounts'>
  readonly mounts: (network: PodNetwork) => ContainerSpec['mounts']
}

/** Milliseconds between probes, where manifests say 10 s: rounds would take too long. */
const probePeriod = 1000
/** Of readiness, before a pod counts as not ready: the default. */
const failureThreshold = 3
/** Milliseconds that kube-proxy waits for more changes: its minSyncPeriod. */
const syncPeriod = 1000
const grace = 30_000
const readyAnnotation = 'sandbox.clusterdns.io/ready'
const dnsPods = { namespace: 'kube-system', label: 'kube-dns' } as const

interface Running {
  readonly name: string
  readonly address: string
  readonly network: Promise<PodNetwork>
  readonly container: Promise<Container>
  ready: boolean
  failures: number
  ending: boolean
}

/** Works from its making until `close`. */
export class Kubelet {
  readonly #options: KubeletOptions
  readonly #running = new Map<string, Running>()
  readonly #ends = new Set<Promise<void>>()
  readonly #loops: readonly Promise<void>[]
  #endpoints: readonly string[] = []
  #closing = false
  /** When pods were told to end, by their addresses. */
  readonly #told = new Map<string, number>()
  /** The longest, in milliseconds, that a pod which was told to end was still asked. */
  slowest = 0
  /** How many containers were started. */
  starts = 0
  /** What happened, in lines that begin with the time. */
  readonly events: string[] = []
  /** Exit codes other than 0, with what was printed. */
  readonly faults: string[] = []

  constructor(options: KubeletOptions) {
    this.#options = options
    setEndpoints(clusterIP, [])
    this.#loops = [this.#follow(), this.#probe(), this.#proxy()]
  }

  /** Are only these pods left, ready and asked? */
  isSettled(pods: number): boolean {
    const all = [...this.#running.values()]
    return all.length === pods && all.every(({ ready, ending }) => ready && !ending) && this.#endpoints.length === pods
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#loops)
    for (const each of this.#running.values()) {
      if (!each.ending) void this.#end(each, 'SIGKILL')
    }
    await Promise.all(this.#ends)
  }

  /** Adds to `events`. */
  tell(what: string): void {
    this.events.push(`${new Date().toISOString().slice(11, 23)} ${what}`)
  }

  #pods(): Pod[] {
    return this.#options.sandbox
      .list<Pod>('pods', dnsPods.namespace)
      .filter(({ metadata }) => metadata.labels?.['k8s-app'] === dnsPods.label)
  }

  async #follow(): Promise<void> {
    while (!this.#closing) {
      const pods = this.#pods()
      for (const pod of pods) {
        const uid = pod.metadata.uid ?? ''
        const known = this.#running.get(uid)
        if (known === undefined && pod.status?.podIP !== undefined && pod.metadata.deletionTimestamp === undefined) {
          this.#running.set(uid, this.#start(pod, pod.status.podIP))
        }
        if (known !== undefined && !known.ending && pod.metadata.deletionTimestamp !== undefined) {
          known.ending = true
          void this.#end(known, 'SIGTERM', uid)
        }
      }
      await sleep(50)
    }
  }

  #start(pod: Pod, address: string): Running {
    const { sandbox, network, container, mounts } = this.#options
    const { name } = pod.metadata
    // It stays until what runs in it has ended.
    const annotations = { 'sandbox.clusterdns.io/termination-seconds': String(grace / 1000) }
    sandbox.patch('Pod', dnsPods.namespace, name, { metadata: { annotations } })
    const [short = ''] = name.split('-').slice(-1)
    const joined = joinPod(network, short, address, `nameserver ${nodeAddress}\n`)
    this.starts++
    this.tell(`${address} is started`)
    const spec = container(pod.spec.containers[0]?.image ?? '')
    const args = [...spec.args, ...((pod.spec.containers[0] as { args?: string[] } | undefined)?.args ?? [])]
    const started = joined.then((own) =>
      startContainer({ ...spec, args, name, network: own.name, mounts: mounts(own) }),
    )
    const running = { name, address, network: joined, container: started, ready: false, failures: 0, ending: false }
    void started
      .then(async (container) => {
        const code = await container.ended
        if (!running.ending && !this.#closing) this.faults.push(`${name} ended with ${code}: ${container.output()}`)
      })
      .catch((error: Error) => this.faults.push(`${name} does not start: ${error.message}`))
    return running
  }

  #end(running: Running, signal: 'SIGTERM' | 'SIGKILL', uid = ''): Promise<void> {
    const ended = (async () => {
      const container = await running.container
      this.tell(`${running.address} gets ${signal}`)
      this.#told.set(running.address, performance.now())
      await container.kill(signal)
      const timer = setTimeout(() => void container.kill('SIGKILL'), grace)
      const code = await container.ended
      clearTimeout(timer)
      this.tell(`${running.address} has ended`)
      if (signal === 'SIGTERM' && code !== 0)
        this.faults.push(`${running.name} ended with ${code}: ${container.output()}`)
      await leavePod(await running.network)
      if (uid === '') return
      this.#running.delete(uid)
      this.#options.sandbox.delete('Pod', dnsPods.namespace, running.name, { gracePeriodSeconds: 0 })
    })()
    this.#ends.add(ended)
    void ended.finally(() => this.#ends.delete(ended))
    return ended
  }

  async #probe(): Promise<void> {
    while (!this.#closing) {
      await Promise.all([...this.#running.values()].map((running) => this.#probeOne(running)))
      await sleep(probePeriod)
    }
  }

  async #probeOne(running: Running): Promise<void> {
    if (running.ending) return
    const url = `http://${running.address}:8181/ready`
    const ok = await fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      (response) => response.ok,
      () => false,
    )
    running.failures = ok ? 0 : running.failures + 1
    const ready = ok || (running.ready && running.failures < failureThreshold)
    if (ready === running.ready || running.ending) return
    running.ready = ready
    this.tell(`${running.address} is ${ready ? '' : 'not '}ready`)
    const annotations = { [readyAnnotation]: String(ready) }
    this.#options.sandbox.patch('Pod', dnsPods.namespace, running.name, { metadata: { annotations } })
  }

  async #proxy(): Promise<void> {
    while (!this.#closing) {
      const endpoints = this.#options.sandbox
        .list<EndpointSlice>('endpointslices', dnsPods.namespace)
        .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === dnsPods.label)
        .filter(({ addressType }) => addressType === 'IPv4')
        .flatMap((slice) => slice.endpoints)
      const serving = endpoints.filter(({ conditions }) => conditions?.serving === true)
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false)
      // Where nobody is ready, those on their way out have to do.
      const chosen = (ready.length > 0 ? ready : serving).flatMap(({ addresses }) => addresses.slice(0, 1)).sort()
      if (chosen.join() !== this.#endpoints.join()) {
        setEndpoints(clusterIP, chosen)
        this.tell(`the Service has ${chosen.join(', ')}`)
        for (const gone of this.#endpoints.filter((each) => !chosen.includes(each))) {
          forgetFlows(clusterIP, gone)
          this.slowest = Math.max(this.slowest, performance.now() - (this.#told.get(gone) ?? performance.now()))
        }
        this.#endpoints = chosen
      }
      await sleep(syncPeriod)
    }
  }
}
