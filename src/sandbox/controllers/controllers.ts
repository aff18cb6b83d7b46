// Every controller of the sandbox.
import type { Cidr } from '../address-pool.ts'
import type { Store } from '../store.ts'
import { BackendIndex } from './backend-index.ts'
import { daemonSetController } from './daemon-set.ts'
import { deploymentController } from './deployment.ts'
import { endpointMirror } from './endpoint-mirror.ts'
import { endpointSliceController } from './endpoint-slice.ts'
import { endpointsController } from './endpoints.ts'
import { garbageCollector } from './garbage.ts'
import { kubelet } from './kubelet.ts'
import { namespaceController } from './namespace.ts'
import { PodNetwork } from './pod-network.ts'
import { replicaSetController } from './replica-set.ts'
import type { Controller } from './runner.ts'
import { scheduler } from './scheduler.ts'
import { statefulSetController } from './stateful-set.ts'

export function makeControllers(store: Store, podRanges: readonly Cidr[]): Controller[] {
  const index = new BackendIndex(store)
  const network = new PodNetwork(podRanges, store)
  return [
    namespaceController,
    garbageCollector(store),
    deploymentController(store),
    replicaSetController,
    statefulSetController,
    daemonSetController(store),
    scheduler(network),
    kubelet(network),
    endpointsController(store, index),
    endpointSliceController(store, index),
    endpointMirror(store, index),
  ]
}
