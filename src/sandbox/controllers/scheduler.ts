// Gives each new pod to a node: the one its pinned address belongs to, else the next in turn.
import { contains, parseCidr } from '../address-pool.ts'
import { nodes, pods } from '../kinds.ts'
import { keyOf } from '../object.ts'
import type { Condition, Node, Pod } from '../resources.ts'
import { hasLabels } from '../selector.ts'
import { conditionOf, withCondition } from './condition.ts'
import type { PodNetwork } from './pod-network.ts'
import { type Controller, itself } from './runner.ts'

export function scheduler(network: PodNetwork): Controller {
  let turn = 0
  const unscheduled = new Set<string>()

  function choose(candidates: readonly Node[], pins: readonly string[]): Node | undefined {
    const home = candidates.find((node) =>
      (node.spec.podCIDRs ?? []).some((cidr) => pins.some((address) => contains(parseCidr(cidr), address))),
    )
    return home ?? candidates[turn++ % candidates.length]
  }

  return {
    name: 'scheduler',
    watches: [
      { kind: pods, keys: (change) => ((change.object as Pod).spec.nodeName === undefined ? itself(change) : []) },
      { kind: nodes, keys: () => unscheduled },
    ],
    reconcile({ registry }, namespace, name) {
      const pod = registry.store.get<Pod>(pods, namespace, name)
      unscheduled.delete(`${namespace}/${name}`)
      if (pod === undefined || pod.spec.nodeName !== undefined || pod.metadata.deletionTimestamp !== undefined) return
      const all = [...registry.store.list<Node>(nodes)].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      const fitting = all.filter(
        (node) => takesPods(node) && hasLabels(pod.spec.nodeSelector ?? {}, node.metadata.labels),
      )
      const node = choose(fitting, network.pins(pod, registry.store))
      if (node === undefined) {
        unscheduled.add(`${namespace}/${name}`)
        const message = `0/${all.length} nodes are available.`
        registry.change(pods, pod, (current) => unschedulable(current, message), 'status')
        return
      }
      // That it was scheduled is written by the node, with the next status.
      registry.change(pods, pod, (current) => ({
        ...current,
        spec: { ...current.spec, nodeName: node.metadata.name },
      }))
    },
  }
}

function unschedulable(pod: Pod, message: string): Pod {
  const condition: Condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }
  const conditions = withCondition(pod.status?.conditions, condition)
  return { ...pod, status: { ...pod.status, conditions } }
}

function takesPods(node: Node): boolean {
  return node.spec.unschedulable !== true && conditionOf(node.status?.conditions, 'Ready')?.status !== 'False'
}
