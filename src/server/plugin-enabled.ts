// The metric that says which plugins answer for which zones of the configuration in force.
import { printName } from '../dns/name.ts'
import { gauge } from '../metrics.ts'
import type { Plugin } from '../plugin.ts'
import { type BlockSetup, bindAddresses, serverLabel, viewOf } from './setup.ts'

const enabled = gauge(
  'coredns_plugin_enabled',
  'A metric that indicates whether a plugin is enabled on per server and zone basis.',
  ['server', 'zone', 'view', 'name'],
)

/** Shows the plugins of these blocks that are part of a chain, or choose its questions; returns what takes them back. */
export function showEnabled(blocks: readonly BlockSetup[], plugins: readonly Plugin[]): () => void {
  const inChain = new Set(
    plugins.filter(({ handler, view }) => handler !== undefined || view !== undefined).map(({ name }) => name),
  )
  const shown: [server: string, zone: string, view: string, name: string][] = []
  for (const block of blocks) {
    const names = block.plugins.map(({ name }) => name).filter((name) => inChain.has(name))
    const view = viewOf(block, plugins) ?? ''
    for (const { scheme, zone, port } of block.keys) {
      for (const address of bindAddresses(block)) {
        const server = serverLabel(scheme, address, port)
        for (const name of names) shown.push([server, printName(zone), view, name])
      }
    }
  }
  for (const labels of shown) enabled.with(...labels).set(1)
  return () => {
    for (const labels of shown) enabled.remove(...labels)
  }
}
