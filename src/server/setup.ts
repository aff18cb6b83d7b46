// From a Corefile to what runs: every directive read by its plugin, in chain order, as plain data for all threads.
import { CorefileError, type Key, type ServerBlock } from '../corefile/directive.ts'
import { printName } from '../dns/name.ts'
import type { Listen, Plugin } from '../plugin.ts'

/** One directive's plugin with what it made of it. */
export interface PluginSetup {
  readonly name: string
  readonly config: unknown
  /** Of the feed that the plugin's background work offers; set once that work has begun. */
  readonly feedKey?: string | undefined
}

export interface BlockSetup {
  readonly keys: readonly Key[]
  readonly listen: Listen
  /** In the order in which a query meets them. */
  readonly plugins: readonly PluginSetup[]
}

/** A configuration as it was read. */
export interface Loaded {
  readonly blocks: readonly BlockSetup[]
  /** SHA-512, in hexadecimal, of all that was read: the Corefile, what it imports, and the environment it names. */
  readonly digest: string
  /** What is odd but no error, for the log. */
  readonly warnings: readonly string[]
}

/**
 * Lets each plugin read its directives. `plugins` is in chain order. Throws CorefileError: a directive that makes no
 * sense, or two server blocks that want the same zone at the same place and are no views of it.
 */
export function setUp(blocks: readonly ServerBlock[], plugins: readonly Plugin[]): readonly BlockSetup[] {
  const setups = blocks.map((block) => place(read(block, plugins), plugins))
  refuseOverlaps(blocks, setups, plugins)
  return setups
}

/**
 * As setUp, for a Corefile that may be another host's: blocks on interfaces that this one doesn't have are listened on
 * nobody knows where, and so don't overlap. Throws CorefileError.
 */
export function checkBlocks(blocks: readonly ServerBlock[], plugins: readonly Plugin[]): void {
  const placed = blocks.flatMap((block) => {
    const setup = read(block, plugins)
    try {
      return [{ block, setup: place(setup, plugins) }]
    } catch (error) {
      if (error instanceof CorefileError) return []
      throw error
    }
  })
  refuseOverlaps(
    placed.map(({ block }) => block),
    placed.map(({ setup }) => setup),
    plugins,
  )
}

function read(block: ServerBlock, plugins: readonly Plugin[]): BlockSetup {
  const chain: PluginSetup[] = []
  for (const plugin of plugins) {
    const directives = block.directives.filter((directive) => directive.name === plugin.name)
    if (directives.length > 0) chain.push({ name: plugin.name, config: plugin.parse(directives, block) })
  }
  return { keys: block.keys, listen: { addresses: [] }, plugins: chain }
}

function place(setup: BlockSetup, plugins: readonly Plugin[]): BlockSetup {
  let { listen } = setup
  for (const part of setup.plugins) {
    const plugin = plugins.find((candidate) => candidate.name === part.name)
    listen = plugin?.listen?.(part.config, listen) ?? listen
  }
  return { ...setup, listen }
}

/** `dns://:53`, `dns://[::1]:1053`: how CoreDNS names a listener in metrics and messages. */
export function serverLabel(scheme: string, address: string, port: number): string {
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** The addresses a block's keys are listened on; '' stands for all of this host's. */
export function bindAddresses(setup: BlockSetup): readonly string[] {
  return setup.listen.addresses.length === 0 ? [''] : setup.listen.addresses
}

/** The view that the block is; undefined where it is none. */
export function viewOf(setup: BlockSetup, plugins: readonly Plugin[]): string | undefined {
  for (const part of setup.plugins) {
    const plugin = plugins.find((candidate) => candidate.name === part.name)
    if (plugin?.view !== undefined) return plugin.view(part.config)
  }
  return undefined
}

/** Views may share their zone's place, but not be on another listener of it than a block that is no view, as in CoreDNS. */
function refuseOverlaps(
  blocks: readonly ServerBlock[],
  setups: readonly BlockSetup[],
  plugins: readonly Plugin[],
): void {
  const taken = new Map<string, Set<string>>()
  const schemes = new Map<string, Key>()
  setups.forEach((setup, index) => {
    const block = blocks[index] as ServerBlock
    const isView = viewOf(setup, plugins) !== undefined
    for (const key of setup.keys) {
      const place = `${key.scheme}://${printName(key.zone)}:${key.port}`
      const addresses = taken.get(place) ?? new Set<string>()
      taken.set(place, addresses)
      for (const address of bindAddresses(setup)) {
        const told = placeOn(place, address)
        const first = schemes.get(`${address} ${key.port}`) ?? key
        schemes.set(`${address} ${key.port}`, first)
        // Port 0 is another one for each.
        if (first.scheme !== key.scheme && key.port !== 0) {
          throw new CorefileError(
            block,
            `cannot serve ${told} - port ${key.port} is that of ${first.scheme}:// already`,
          )
        }
        if (addresses.has(address) && isView) continue
        if (addresses.has(address)) throw new CorefileError(block, `cannot serve ${told} - it is already defined`)
        const other = address === '' ? [...addresses][0] : addresses.has('') ? '' : undefined
        if (other !== undefined) {
          throw new CorefileError(
            block,
            `cannot serve ${told} - zone overlap listener capacity with ${placeOn(place, other)}`,
          )
        }
        if (!isView) addresses.add(address)
      }
    }
  })
}

/** Says which keys of encrypted protocols have no certificate, for the log. */
export function tellUnencrypted(setups: readonly BlockSetup[]): string[] {
  const keysWith = (wanted: (setup: BlockSetup) => boolean) =>
    setups.filter(wanted).flatMap(({ keys }) => keys.filter(({ scheme }) => scheme !== 'dns'))
  const encrypted = new Set(keysWith(({ listen }) => listen.tls !== undefined).map(listenerOf))
  const plain = keysWith(({ listen }) => listen.tls === undefined).filter((key) => !encrypted.has(listenerOf(key)))
  return plain.map(({ scheme, zone, port }) => {
    return `${scheme}://${printName(zone)}:${port} is served without encryption: its server block has no tls`
  })
}

const listenerOf = ({ scheme, port }: Key) => `${scheme}:${port}`

const placeOn = (place: string, address: string) => (address === '' ? place : `${place} on ${address}`)
