// The server as a whole, on the main thread: start, reload, stop, and its workers.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import type { Log } from '../log.ts'
import type { Maybe } from '../maybe.ts'
import type { Plugin, ServerState } from '../plugin.ts'
import { panics } from '../query-metrics.ts'
import { Certificates } from './certificates.ts'
import { Configuration, pendingOf } from './configuration.ts'
import { hostAddresses, type Place, placesOf, shareOut } from './listeners.ts'
import type { WorkerSetup } from './messages.ts'
import { showEnabled } from './plugin-enabled.ts'
import type { BlockSetup, Loaded } from './setup.ts'
import { Shares } from './shares.ts'
import { releaseStartupPages } from './startup-pages.ts'
import { WorkerDeath, WorkerHandle } from './worker-handle.ts'

/** A worker that says nothing for this long is ill, ms. */
const heartbeat = 1000
/** Replacing a worker that dies at once, again and again, must not become all we do, ms. */
const respawnDelay = 500
/** For a worker to answer what it has, ms; a little over what listeners give their clients. */
const stopTime = 6000

export interface ServerOptions {
  readonly plugins: readonly Plugin[]
  readonly log: Log
  /** Reads the configuration anew: called at start and whenever it may have changed. Throws CorefileError. */
  readonly load: () => Maybe<Loaded>
  /** What the workers run, if not worker.ts. */
  readonly worker?: URL
}

const workerScript = new URL('./worker.ts', import.meta.url)

export class Server {
  readonly #options: ServerOptions
  readonly #shares = new Shares()
  readonly #workers = new Set<WorkerHandle>()
  /** What has been said once. */
  readonly #noted = new Set<string>()
  readonly #stopHooks = new Set<() => unknown>()
  readonly #certificates: Certificates
  /** SO_REUSEPORT as we need it, balancing between sockets, is Linux's and FreeBSD's. */
  readonly #reusePort = process.platform === 'linux' || process.platform === 'freebsd'
  #configuration: Configuration | undefined
  #setup: WorkerSetup | undefined
  #hideEnabled: () => void = () => undefined
  #stopping: Promise<void> | undefined
  readonly #freePorts = new Map<string, number>()
  /** The digest of what was read last, in force or not; what was wrong with it where it has none. */
  #lastRead = ''
  /** Starts, reloads and worker replacements, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ServerOptions) {
    this.#options = options
    this.#certificates = new Certificates(options.log, (renew) => this.#inTurn(() => this.#renew(renew)))
  }

  /** Resolves when every address answers; rejects where the configuration or an address can't be used. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      // Once before the cluster is listed, when most memory is used, and once after.
      releaseStartupPages()
      const loaded = await this.#read()
      await refuseTaken(placesToAskFor(loaded.blocks, []))
      await this.#apply(loaded)
      releaseStartupPages()
    })
  }

  /** Puts the configuration as it now is into force; rejects, and the old one stays, where it can't be used. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stopping === undefined) await this.#reload(await this.#read())
    })
  }

  /** As reload, where something else is read than the last time; resolves to whether it was. */
  #reloadChanged(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#stopping !== undefined) return false
      const before = this.#lastRead
      let loaded: Loaded
      try {
        loaded = await this.#read()
      } catch (error) {
        if (this.#lastRead === before) return false
        throw error
      }
      if (this.#lastRead === before) return false
      await this.#reload(loaded)
      return true
    })
  }

  async #read(): Promise<Loaded> {
    try {
      const loaded = await this.#options.load()
      this.#lastRead = loaded.digest
      return { ...loaded, blocks: await this.#choosePort(loaded.blocks) }
    } catch (error) {
      this.#lastRead = (error as Error).message
      throw error
    }
  }

  async #reload(loaded: Loaded): Promise<void> {
    this.#options.log.info('Reloading')
    await refuseTaken(placesToAskFor(loaded.blocks, this.#setup?.places ?? []))
    await this.#apply(loaded)
    this.#options.log.info('Reloading complete')
  }

  /** Runs the plugins' hooks, answers what was asked, and ends everything. The same promise for every caller. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    await Promise.all([...this.#stopHooks].map((hook) => hook()))
    await this.#inTurn(async () => {
      this.#certificates.stop()
      await Promise.all([...this.#workers].map((worker) => worker.stop(stopTime)))
      this.#workers.clear()
      this.#configuration?.end()
      this.#hideEnabled()
    })
  }

  /** The blocks in force, for the banner: ports as chosen. */
  get blocks(): readonly BlockSetup[] {
    return this.#configuration?.blocks ?? []
  }

  async #apply({ blocks, digest, warnings }: Loaded): Promise<void> {
    const { plugins, log } = this.#options
    for (const warning of warnings) log.warning(warning)
    const configuration = await Configuration.begin(blocks, plugins, {
      log,
      shares: this.#shares,
      state: (running) => this.#state(digest, () => this.#withStart(pendingOf(running))),
    })
    const localAddresses = hostAddresses()
    const workers = this.#reusePort ? workerCount(configuration.blocks) : 1
    const setup: WorkerSetup = {
      blocks: configuration.blocks,
      places: shareOut(placesOf(configuration.blocks, localAddresses, this.#reusePort), workers),
      localAddresses: localAddresses.map((address) => address.replace(/%.*/, '')),
      workers,
      debug: configuration.blocks.some((block) => block.plugins.some((part) => part.name === 'debug')),
    }
    log.setDebug(setup.debug)
    // Fewer at a reload: those that are left over answer until the others have the new configuration.
    const kept = [...this.#workers].slice(0, workers)
    const surplus = [...this.#workers].slice(workers)
    const added = Array.from({ length: workers - kept.length }, () => this.#spawn())
    for (const worker of added) this.#workers.add(worker)
    try {
      await configureAll([...kept, ...added], setup, configuration)
    } catch (error) {
      configuration.end()
      await this.#end(added, 0)
      await this.#restore()
      throw error
    }
    await this.#end(surplus, stopTime)
    this.#configuration?.end()
    this.#configuration = configuration
    this.#setup = setup
    this.#certificates.watch(setup.places)
    this.#hideEnabled()
    this.#hideEnabled = showEnabled(configuration.blocks, plugins)
  }

  /** Until the first configuration is in force nobody listens, whatever plugins say. */
  #withStart(pending: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
    return this.#configuration === undefined ? new Map([...pending, ['server', ['its workers']]]) : pending
  }

  /** Lets workers answer what they have, at most `deadline` ms. */
  async #end(workers: readonly WorkerHandle[], deadline: number): Promise<void> {
    for (const worker of workers) this.#workers.delete(worker)
    await Promise.all(workers.map((worker) => worker.stop(deadline)))
  }

  /** After a configuration that some workers could use and others not: all back to the one in force. */
  async #restore(): Promise<void> {
    const [setup, configuration] = [this.#setup, this.#configuration]
    if (setup === undefined || configuration === undefined) return
    this.#options.log.setDebug(setup.debug)
    await configureAll([...this.#workers], setup, configuration)
  }

  #spawn(): WorkerHandle {
    const died = (cause: Error) => {
      this.#workers.delete(worker)
      panics.inc()
      this.#options.log.error(`Recovered from panic in worker, starting another: ${cause.stack ?? cause.message}`)
      void this.#inTurn(() => this.#replace())
    }
    const worker: WorkerHandle = new WorkerHandle(this.#options.worker ?? workerScript, died, (text) =>
      this.#note(text),
    )
    return worker
  }

  /** Workers, and configurations after a reload, say the same. */
  #note(text: string): void {
    if (this.#noted.has(text)) return
    this.#noted.add(text)
    this.#options.log.info(text)
  }

  async #replace(): Promise<void> {
    const [setup, configuration] = [this.#setup, this.#configuration]
    // Without a configuration in force the start has failed; it says so itself.
    if (this.#stopping !== undefined || setup === undefined || configuration === undefined) return
    // A reload in between has already seen to the number.
    if (this.#workers.size >= setup.workers) return
    const worker = this.#spawn()
    this.#workers.add(worker)
    try {
      await worker.configure(setup, configuration.feeds)
    } catch (error) {
      this.#options.log.error(`starting a worker failed: ${(error as Error).message}`)
      await new Promise((resolve) => setTimeout(resolve, respawnDelay))
      // One that died is replaced as every other.
      if (error instanceof WorkerDeath) return
      await this.#end([worker], 0)
      void this.#inTurn(() => this.#replace())
    }
  }

  /** New certificates for the places in force; open connections stay. */
  async #renew(renew: (place: Place) => Place): Promise<void> {
    const setup = this.#setup
    if (setup === undefined || this.#stopping !== undefined) return
    const places = setup.places.map(renew)
    this.#setup = { ...setup, places }
    const told = await Promise.allSettled([...this.#workers].map((worker) => worker.secure(places)))
    for (const one of told) {
      // One that died is replaced, and begins with what is in force then.
      if (one.status === 'fulfilled' || one.reason instanceof WorkerDeath) continue
      this.#options.log.error(`plugin/tls: certificate not renewed: ${(one.reason as Error).message}`)
    }
  }

  #state(digest: string, pending: () => ReadonlyMap<string, readonly string[]>): ServerState {
    return {
      digest,
      reloadChanged: () => this.#reloadChanged(),
      pending,
      ailing: () => this.#ailing(),
      stopping: () => this.#stopping !== undefined,
      onStop: (hook, signal) => {
        this.#stopHooks.add(hook)
        signal.addEventListener('abort', () => this.#stopHooks.delete(hook), { once: true })
      },
    }
  }

  async #ailing(): Promise<string | undefined> {
    const alive = await Promise.all([...this.#workers].map((worker) => worker.alive(heartbeat)))
    const silent = alive.filter((sign) => !sign).length
    if (silent > 0) return `${silent} of ${alive.length} workers gave no sign of life for ${heartbeat} ms`
    if (alive.length === 0 && this.#configuration !== undefined) return 'no worker is running'
    return undefined
  }

  /** Port 0 is any free one: the same for all keys of a scheme that say so, and the same after a reload. */
  async #choosePort(setups: readonly BlockSetup[]): Promise<readonly BlockSetup[]> {
    if (!setups.some((setup) => setup.keys.some((key) => key.port === 0))) return setups
    for (const { scheme, port } of setups.flatMap((setup) => setup.keys)) {
      if (port === 0 && !this.#freePorts.has(scheme)) this.#freePorts.set(scheme, await findFreePort())
    }
    return setups.map((setup) => ({
      ...setup,
      keys: setup.keys.map((key) => (key.port === 0 ? { ...key, port: this.#freePorts.get(key.scheme) ?? 0 } : key)),
    }))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

/**
 * Rejects where a worker can't use the setup, or none of them lives to. One that dies meanwhile will be replaced, and is no
 * reason to refuse a configuration.
 */
async function configureAll(
  workers: readonly WorkerHandle[],
  setup: WorkerSetup,
  { feeds }: Configuration,
): Promise<void> {
  const results = await Promise.allSettled(workers.map((worker) => worker.configure(setup, feeds)))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
  const refusal = errors.find((error) => !(error instanceof WorkerDeath))
  if (refusal !== undefined) throw refusal
  if (errors[0] !== undefined && errors.length === workers.length) throw errors[0]
}

/**
 * Those that must be ours alone, and about which can be asked: where we hold an address already, nobody else does, and our
 * own sockets would be in the way. A wildcard stands for all the host's addresses.
 */
function placesToAskFor(blocks: readonly BlockSetup[], held: readonly Place[]): readonly Place[] {
  const inTheWay = (place: Place) => held.some((one) => one.port === place.port && overlap(one.address, place.address))
  const free = placesOf(blocks, hostAddresses(), false).filter((place) => !inTheWay(place))
  const wildcards = free.filter(({ address }) => isWildcard(address))
  return free.filter(
    (place) =>
      !(place.covered && wildcards.some(({ port, address }) => port === place.port && overlap(address, place.address))),
  )
}

const isWildcard = (address: string) => address === '0.0.0.0' || address === '::'

/** Would a socket on one be in the way of one on the other? */
function overlap(one: string, other: string): boolean {
  if (one === other) return true
  return one.includes(':') === other.includes(':') && (isWildcard(one) || isWildcard(other))
}

/** SO_REUSEPORT would let a second server take half of the queries without a word; so ask for each place alone first. */
async function refuseTaken(places: readonly Place[]): Promise<void> {
  for (const { address, port, scheme } of places) {
    const tcp = createServer()
    tcp.listen({ host: address, port, ipv6Only: address.includes(':') })
    await once(tcp, 'listening')
    tcp.close()
    await once(tcp, 'close')
    if (scheme !== undefined) continue
    const udp = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':') })
    udp.bind({ address, port, exclusive: true })
    await once(udp, 'listening').finally(() => udp.close())
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  probe.listen({ host: '127.0.0.1', port: 0 })
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/**
 * The most that a server block asks for. Where none does, one per CPU this process may use (cgroup quotas counted), at most
 * two: stock Deployments limit memory, not CPU.
 */
function workerCount(blocks: readonly BlockSetup[]): number {
  const asked = blocks.flatMap(({ listen }) => listen.workers ?? [])
  return asked.length > 0 ? Math.max(...asked) : Math.min(2, availableParallelism())
}
