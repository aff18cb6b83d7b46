// Pods made from a template by something that owns them.
import { createHash } from 'node:crypto'
import { pods } from '../kinds.ts'
import { controllerOf, controllerReference, type KubeObject, sortedJson } from '../object.ts'
import { generatedName } from '../registry.ts'
import { annotations, type LabelSelector, type Pod, type PodTemplate } from '../resources.ts'
import { labelSelectorTest } from '../selector.ts'
import { isPodOver } from './condition.ts'
import type { ControllerContext } from './runner.ts'

/** The pods an owner controls; those that fit its selector and belong to nobody become its own. */
export function podsOf({ registry }: ControllerContext, owner: KubeObject, selector: LabelSelector): Pod[] {
  const fits = labelSelectorTest(selector)
  const owned: Pod[] = []
  for (const pod of [...registry.store.list<Pod>(pods, owner.metadata.namespace ?? '')]) {
    const controller = controllerOf(pod)
    if (controller?.uid === owner.metadata.uid) owned.push(pod)
    else if (
      controller === undefined &&
      pod.metadata.deletionTimestamp === undefined &&
      fits(pod.metadata.labels ?? {})
    ) {
      const adopted = registry.change(pods, pod, (current) => ({
        ...current,
        metadata: {
          ...current.metadata,
          ownerReferences: [...(current.metadata.ownerReferences ?? []), controllerReference(owner)],
        },
      }))
      if (adopted) owned.push(adopted)
    }
  }
  return owned
}

/** Neither over nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isPodOver(pod) && pod.metadata.deletionTimestamp === undefined
}

/** A pod from a template, not yet stored. A name ending in '-' is completed at random. */
export function podFrom(
  owner: KubeObject,
  template: PodTemplate,
  its: { readonly name: string; readonly ordinal: number; readonly labels?: object; readonly spec?: object },
): Pod {
  const name = its.name.endsWith('-') ? generatedName(its.name) : its.name
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template.metadata,
      name,
      ...(its.name.endsWith('-') ? { generateName: its.name } : {}),
      namespace: owner.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels, ...its.labels },
      annotations: { ...template.metadata?.annotations, [annotations.ordinal]: String(its.ordinal) },
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...template.spec, ...its.spec },
  }
}

/** Which of its maker's ordinals a pod has. */
export function ordinalOf(pod: Pod): number {
  return Number(pod.metadata.annotations?.[annotations.ordinal] ?? -1)
}

/** A short hash by which pods and revisions of the same template are told. */
export function hashOf(value: unknown): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  const digest = createHash('sha256')
    .update(JSON.stringify(sortedJson(value)))
    .digest()
  return [...digest.subarray(0, 10)].map((octet) => letters[octet % letters.length]).join('')
}
