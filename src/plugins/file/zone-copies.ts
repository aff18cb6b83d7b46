// A worker's copies of zones, as the main thread tells them (zone-feed.ts).
import type { MessagePort } from 'node:worker_threads'
import type { Name } from '../../dns/name.ts'
import { Zone } from './zone.ts'
import { type FromZoneFeed, taken } from './zone-feed.ts'

export interface ZoneCopies {
  /** Has everything been told that is known? */
  isTold(): boolean
  readonly told: Promise<void>
  /** Undefined where the zone could not be read yet. */
  zone(origin: Name): Zone | undefined
}

export function copiesOf(port: MessagePort): ZoneCopies {
  const told = Promise.withResolvers<void>()
  const zones = new Map<Name, Zone>()
  let growing: Zone | undefined
  let isTold = false
  port.on('message', (message: FromZoneFeed) => {
    if (message === 'told') {
      isTold = true
      told.resolve()
      return
    }
    const { origin, rrsets, isFirst, isLast } = message
    if (isFirst) growing = new Zone(origin)
    if (growing === undefined) throw new Error('a zone without its first part')
    for (const rrset of rrsets) growing.add(rrset)
    if (isLast) zones.set(origin, growing)
    port.postMessage(taken)
  })
  port.unref()
  return { isTold: () => isTold, told: told.promise, zone: (origin) => zones.get(origin) }
}
