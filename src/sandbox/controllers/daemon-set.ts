// DaemonSets: a pod on every node that fits, cordoned or not, and new ones in the place of old ones a few nodes at a time.
import { daemonSets, nodes, pods } from '../kinds.ts'
import { keyOf } from '../object.ts'
import type { DaemonSet, Node, Pod } from '../resources.ts'
import { hasLabels } from '../selector.ts'
import type { Store } from '../store.ts'
import { isPodOver, isPodReady } from './condition.ts'
import { podFrom, podsOf } from './replica.ts'
import { forgetRevisions, recordRevision } from './revision.ts'
import { type Controller, type ControllerContext, controllerKeys, itself } from './runner.ts'

const revisionLabel = 'controller-revision-hash'

export const daemonSetController = (store: Store): Controller => ({
  name: 'daemonset',
  watches: [
    { kind: daemonSets, keys: itself },
    { kind: pods, keys: controllerKeys(daemonSets) },
    { kind: nodes, keys: () => [...store.list(daemonSets)].map(keyOf) },
  ],
  reconcile(context, namespace, name) {
    const set = store.get<DaemonSet>(daemonSets, namespace, name)
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return
    const revision = recordRevision(context, set)
    const wanted = new Set(
      [...store.list<Node>(nodes)]
        .filter(({ metadata }) => hasLabels(set.spec.template.spec?.nodeSelector ?? {}, metadata.labels))
        .map(({ metadata }) => metadata.name),
    )
    step(context, set, wanted, revision)
    const now = podsOf(context, set, set.spec.selector)
    context.registry.change(daemonSets, set, (each) => withStatus(each, wanted, now, revision), 'status')
    forgetRevisions(context, set, new Set([revision, ...now.map((pod) => revisionOf(pod) ?? '')]))
  },
})

const revisionOf = (pod: Pod) => pod.metadata.labels?.[revisionLabel]
const isGoing = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined
const isSteady = (pod: Pod) => isPodReady(pod) && !isGoing(pod)

/** Does what can be done now: pods where none is wanted, nodes without one, then those of an older revision. */
function step(context: ControllerContext, set: DaemonSet, wanted: ReadonlySet<string>, revision: string): void {
  const { registry } = context
  const owned = podsOf(context, set, set.spec.selector)
  const remove = (pod: Pod) => registry.remove(pods, pod.metadata.namespace ?? '', pod.metadata.name)
  const there = new Set<string>()
  for (const pod of owned) {
    const node = pod.spec.nodeName ?? ''
    if (isGoing(pod)) there.add(node)
    else if (!wanted.has(node) || there.has(node) || isPodOver(pod)) remove(pod)
    else there.add(node)
  }
  for (const node of wanted) {
    if (there.has(node)) continue
    const its = { name: `${set.metadata.name}-`, ordinal: 0, labels: { [revisionLabel]: revision } }
    registry.create(pods, podFrom(set, set.spec.template, { ...its, spec: { nodeName: node } }))
  }
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  if (type === 'OnDelete') return
  const most = share(rollingUpdate?.maxUnavailable ?? 1, wanted.size)
  const now = podsOf(context, set, set.spec.selector)
  const old = now.filter((pod) => revisionOf(pod) !== revision && !isGoing(pod))
  let spare = most - (wanted.size - now.filter(isSteady).length)
  // Those that serve nobody go first, and take nothing away.
  for (const pod of old.filter((each) => !isPodReady(each))) remove(pod)
  for (const pod of old.filter(isPodReady)) {
    if (spare <= 0) return
    remove(pod)
    spare--
  }
}

/** A number or a part of the nodes, rounded up. */
function share(value: number | string, nodes: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseFloat(value) / 100) * nodes)
}

function withStatus(set: DaemonSet, wanted: ReadonlySet<string>, owned: readonly Pod[], revision: string): DaemonSet {
  const nodesOf = (all: readonly Pod[]) => new Set(all.map(({ spec }) => spec.nodeName ?? ''))
  const current = nodesOf(owned.filter((pod) => !isGoing(pod)))
  const ready = nodesOf(owned.filter(isSteady)).intersection(wanted).size
  return {
    ...set,
    status: {
      observedGeneration: set.metadata.generation ?? 0,
      desiredNumberScheduled: wanted.size,
      currentNumberScheduled: current.intersection(wanted).size,
      numberMisscheduled: current.difference(wanted).size,
      numberReady: ready,
      numberAvailable: ready,
      updatedNumberScheduled: nodesOf(owned.filter((pod) => revisionOf(pod) === revision && !isGoing(pod))).size,
      ...(wanted.size > ready ? { numberUnavailable: wanted.size - ready } : {}),
    },
  }
}
