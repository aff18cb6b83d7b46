// A worker's copies of zones, as the main thread tells them (zone-files.ts).
import type { MessagePort } from 'node:worker_threads'
import type { Name } from '../../dns/name.ts'
import type { Rrset } from '../../dns/rrset.ts'
import { Zone } from './zone.ts'

/** A part of a zone, the parts of one coming one after the other; or the word that everything was told for the first time. */
export type FromZoneFiles =
  | { readonly origin: Name; readonly rrsets: readonly Rrset[]; readonly isLast: boolean }
  | 'told'

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
  port.on('message', (message: FromZoneFiles) => {
    if (message === 'told') {
      isTold = true
      told.resolve()
      return
    }
    growing ??= new Zone(message.origin)
    for (const rrset of message.rrsets) growing.add(rrset)
    if (!message.isLast) return
    zones.set(message.origin, growing)
    growing = undefined
  })
  port.unref()
  return { isTold: () => isTold, told: told.promise, zone: (origin) => zones.get(origin) }
}
