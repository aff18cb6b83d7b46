// A cluster that nothing is fed to: what is there at one moment, for `explain` and for tests.
import { identityOf, keyOf, listOf, partOf } from './api-object.ts'
import { kindNames, kinds } from './kinds.ts'
import { Mirror } from './mirror.ts'
import { isTerminating } from './pod.ts'
import { Store } from './store.ts'

/**
 * A synced Store of API objects as JSON, of mixed kinds and Lists of them, as a manifest or `kubectl get -o json` has
 * them. What no watch would bring is left out: other kinds, and what can't be used.
 */
export function clusterOf(objects: readonly unknown[], serial?: number): Store {
  const mirror = new Mirror()
  const take = (object: unknown): void => {
    const { kind: singular, items } = partOf(object)
    for (const item of listOf(items)) take(item)
    const identity = identityOf(object)
    if (identity === undefined || (singular === 'Pod' && isTerminating(object))) return
    for (const kind of kindNames) {
      const trimmed = kinds[kind].singular === singular ? kinds[kind].trim(object) : undefined
      // Some things of no namespace have one written into them all the same.
      const key = keyOf(kinds[kind].namespaced ? identity : { ...identity, namespace: '' })
      if (trimmed !== undefined) mirror.apply(kind, key, trimmed)
    }
  }
  for (const object of objects) take(object)
  for (const kind of kindNames) mirror.setSynced(kind)
  if (serial !== undefined) mirror.setSerial(serial)
  return storeOf(mirror)
}

/** What the mirror holds now. It must not be changed any more. */
export function storeOf(mirror: Mirror): Store {
  const store = new Store()
  for (const [number, chunk] of mirror.chunks.entries()) store.setChunk(number, chunk)
  for (const kind of kindNames) {
    for (let slot = mirror.slotFrom(kind, 1); slot !== 0; slot = mirror.slotFrom(kind, slot + 1))
      store.put(kind, slot, mirror.addressAt(kind, slot))
    if (mirror.synced(kind)) store.setSynced(kind)
  }
  store.setSerial(mirror.serial())
  return store
}
