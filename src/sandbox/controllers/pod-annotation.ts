// Annotations that steer the life of a pod, found on the pod or on what made it.
import { kindOf } from '../kinds.ts'
import { controllerOf, type KubeObject } from '../object.ts'
import { annotations, type Pod } from '../resources.ts'
import type { Store } from '../store.ts'

/** What made the pod, where it is still there. */
export function ownerOf(pod: Pod, store: Store): KubeObject | undefined {
  const reference = controllerOf(pod)
  const kind = reference === undefined ? undefined : kindOf(reference)
  if (reference === undefined || kind === undefined) return undefined
  const owner = store.get(kind, pod.metadata.namespace ?? '', reference.name)
  return owner?.metadata.uid === reference.uid ? owner : undefined
}

/**
 * What an annotation says to this pod, round by round: on a pod that nobody controls the whole text, else the part for its
 * ordinal, from the pod (where its template put it) or from what made it. No rounds where nothing is said.
 */
export function annotationForPod(pod: Pod, name: string, store: Store): string[] {
  const owner = ownerOf(pod, store)
  const text = pod.metadata.annotations?.[name] ?? owner?.metadata.annotations?.[name]
  if (text === undefined) return []
  const ordinal = owner === undefined ? 0 : Number(pod.metadata.annotations?.[annotations.ordinal] ?? 0)
  return text.split(';').flatMap((round) => {
    const parts = round.split(',')
    // One value alone, on the pod itself, is for this pod whatever its ordinal.
    const part = parts.length === 1 && pod.metadata.annotations?.[name] !== undefined ? parts[0] : parts[ordinal]
    return part === undefined ? [] : [part.trim()]
  })
}
