// One configuration in force: its server blocks, and the background work its plugins do on the main thread.
import type { Log } from '../log.ts'
import type { Background, Feed, MainContext, Plugin, ServerState } from '../plugin.ts'
import type { BlockSetup } from './setup.ts'
import type { Shares } from './shares.ts'

interface Running {
  readonly plugin: string
  readonly background: Background
}

export class Configuration {
  /** With the feed keys that the workers need. */
  readonly blocks: readonly BlockSetup[]
  readonly feeds: readonly Feed[]
  readonly #running: readonly Running[]
  readonly #controller: AbortController
  readonly #shares: Shares

  private constructor(
    blocks: readonly BlockSetup[],
    running: readonly Running[],
    controller: AbortController,
    shares: Shares,
  ) {
    this.blocks = blocks
    this.#running = running
    this.feeds = running.flatMap(({ background }) => background.feed ?? [])
    this.#controller = controller
    this.#shares = shares
  }

  /**
   * Begins the background work of every block, in chain order, one after the other: a plugin may wait for its cluster.
   * Where one fails, those begun end again and its error is thrown.
   */
  static async begin(
    setups: readonly BlockSetup[],
    plugins: readonly Plugin[],
    host: { readonly log: Log; readonly shares: Shares; readonly state: (running: readonly Running[]) => ServerState },
  ): Promise<Configuration> {
    const controller = new AbortController()
    const running: Running[] = []
    const server = host.state(running)
    const user = controller
    const blocks: BlockSetup[] = []
    try {
      for (const setup of setups) {
        const parts = []
        for (const part of setup.plugins) {
          const plugin = plugins.find((candidate) => candidate.name === part.name)
          const context: MainContext = {
            keys: setup.keys,
            log: host.log.plugin(part.name),
            signal: controller.signal,
            share: (key, make) => host.shares.take(user, key, make),
            server,
          }
          const background = await plugin?.background?.(part.config, context)
          if (background !== undefined) running.push({ plugin: part.name, background })
          parts.push({ ...part, feedKey: background?.feed?.key })
        }
        blocks.push({ ...setup, plugins: parts })
      }
    } catch (error) {
      controller.abort()
      host.shares.release(user)
      throw error
    }
    return new Configuration(blocks, running, controller, host.shares)
  }

  /** What each plugin still waits for. */
  pending(): ReadonlyMap<string, readonly string[]> {
    return pendingOf(this.#running)
  }

  end(): void {
    this.#controller.abort()
    this.#shares.release(this.#controller)
  }
}

/** Per plugin, what it waits for; plugins that wait for nothing are left out. */
export function pendingOf(running: readonly Running[]): ReadonlyMap<string, readonly string[]> {
  const pending = new Map<string, readonly string[]>()
  for (const { plugin, background } of running) {
    const missing = background.pending?.() ?? []
    if (missing.length > 0) pending.set(plugin, [...(pending.get(plugin) ?? []), ...missing])
  }
  return pending
}
