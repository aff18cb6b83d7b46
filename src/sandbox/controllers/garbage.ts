// Deletes what lost its owners, and sees foreground deletions and orphans through.
import { type Kind, kindOf } from '../kinds.ts'
import { type KubeObject, withMetadata } from '../object.ts'
import { finalizers } from '../registry.ts'
import type { Change, Store } from '../store.ts'
import type { Controller, ControllerContext } from './runner.ts'

interface Dependent {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

/** Its keys are not names but uids of owners: `/UID`. */
export function garbageCollector(store: Store): Controller {
  /** Who depends on whom, by the owner's uid. */
  const dependents = new Map<string, Map<string, Dependent>>()

  function follow({ type, kind, object, previous }: Change): string[] {
    const { namespace = '', name, uid = '' } = object.metadata
    const id = `${kind.id} ${namespace}/${name}`
    const owners = new Set((object.metadata.ownerReferences ?? []).map((owner) => owner.uid))
    for (const { uid: owner } of previous?.metadata.ownerReferences ?? []) {
      if (type !== 'DELETED' && owners.has(owner)) continue
      const all = dependents.get(owner)
      all?.delete(id)
      if (all?.size === 0) dependents.delete(owner)
    }
    if (type === 'DELETED') return [...owners, uid].map((each) => `/${each}`)
    for (const owner of owners) {
      const all = dependents.get(owner) ?? new Map<string, Dependent>()
      dependents.set(owner, all)
      all.set(id, { kind, namespace, name })
    }
    const ending = object.metadata.finalizers?.some(
      (each) => each === finalizers.foreground || each === finalizers.orphan,
    )
    if (ending) owning.set(uid, { kind, namespace, name })
    // An owner named at birth may be gone already.
    return [...(type === 'ADDED' ? owners : []), ...(ending ? [uid] : [])].map((each) => `/${each}`)
  }

  /** Objects that wait for their dependents, by uid. */
  const owning = new Map<string, Dependent>()

  return {
    name: 'garbage',
    watches: [{ kind: 'every', keys: follow }],
    reconcile(context, _, uid) {
      const all = [...(dependents.get(uid)?.values() ?? [])]
      const waiting = owning.get(uid)
      const owner = waiting && store.get(waiting.kind, waiting.namespace, waiting.name)
      if (waiting !== undefined && owner?.metadata.uid === uid) {
        finish(context, waiting.kind, owner, all)
        return
      }
      owning.delete(uid)
      for (const { kind, namespace, name } of all) {
        const object = store.get(kind, namespace, name)
        if (object === undefined || hasOwner(store, object)) continue
        if (object.metadata.deletionTimestamp === undefined) {
          context.registry.remove(kind, namespace, name, { propagation: 'Background' })
        }
      }
    },
  }
}

/** Does one of its owners still exist? */
function hasOwner(store: Store, object: KubeObject): boolean {
  return (object.metadata.ownerReferences ?? []).some((reference) => {
    const kind = kindOf(reference, store.kinds)
    if (kind === undefined) return true
    const namespace = kind.namespaced ? (object.metadata.namespace ?? '') : ''
    return store.get(kind, namespace, reference.name)?.metadata.uid === reference.uid
  })
}

/** Takes the next step of a deletion that waits for dependents, and drops the finalizer once none is left. */
function finish({ registry }: ControllerContext, kind: Kind, owner: KubeObject, all: readonly Dependent[]): void {
  const { uid, finalizers: waiting = [] } = owner.metadata
  const orphan = waiting.includes(finalizers.orphan)
  let left = 0
  for (const dependent of all) {
    const object = registry.store.get(dependent.kind, dependent.namespace, dependent.name)
    const references = object?.metadata.ownerReferences ?? []
    if (object === undefined) continue
    if (orphan) {
      const others = references.filter((reference) => reference.uid !== uid)
      const ownerReferences = others.length > 0 ? others : undefined
      registry.change(dependent.kind, object, (each) => withMetadata(each, { ownerReferences }))
    } else if (references.some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true)) {
      left++
      if (object.metadata.deletionTimestamp === undefined) {
        registry.remove(dependent.kind, dependent.namespace, dependent.name, { propagation: 'Foreground' })
      }
    }
  }
  if (left > 0) return
  const rest = waiting.filter((each) => each !== finalizers.orphan && each !== finalizers.foreground)
  registry.change(kind, owner, (each) => withMetadata(each, { finalizers: rest.length > 0 ? rest : undefined }))
}
