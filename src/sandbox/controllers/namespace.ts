// Namespaces that were deleted: empties them, then lets them go. Each gets what every namespace has.
import { namespaces, serviceAccounts } from '../kinds.ts'
import type { Namespace } from '../resources.ts'
import { type Controller, itself } from './runner.ts'

export const namespaceController: Controller = {
  name: 'namespace',
  watches: [
    { kind: namespaces, keys: itself },
    // The last object to leave an ending namespace ends it.
    {
      kind: 'every',
      keys: ({ type, kind, object }) =>
        type === 'DELETED' && kind.namespaced ? [`/${object.metadata.namespace}`] : [],
    },
  ],
  reconcile({ registry }, _, name) {
    const { store } = registry
    const namespace = store.get<Namespace>(namespaces, '', name)
    if (namespace === undefined) return
    if (namespace.metadata.deletionTimestamp === undefined) {
      furnish()
      return
    }
    let left = 0
    for (const kind of store.kinds) {
      if (!kind.namespaced) continue
      for (const object of [...store.list(kind, name)]) {
        const { gone } =
          object.metadata.deletionTimestamp === undefined
            ? registry.remove(kind, name, object.metadata.name, { propagation: 'Background' })
            : { gone: false }
        if (!gone) left++
      }
    }
    if (left > 0 || (namespace.spec?.finalizers ?? []).length === 0) return
    registry.change(namespaces, namespace, (each) => ({ ...each, spec: { ...each.spec, finalizers: [] } }), 'finalize')

    /** Every namespace has a default service account and the cluster's certificate authority. */
    function furnish(): void {
      if (store.get(serviceAccounts, name, 'default') !== undefined) return
      registry.create(serviceAccounts, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    }
  },
}
