// What DNS needs of a multicluster.x-k8s.io/v1alpha1 ServiceImport: a service that several clusters have together (KEP-1645).
import { type Complain, listOf, partOf, tolerate } from './api-object.ts'
import type { RecordForm } from './record.ts'
import { labelledIdentityOf, readAddresses, readPorts, type Service, serviceForm } from './service.ts'

/** Reads a ServiceImport as the service it stands for. Undefined where it can't be looked up by name. */
export function trimServiceImport(object: unknown, complain: Complain = tolerate): Service | undefined {
  const identity = labelledIdentityOf(object, complain)
  if (identity === undefined) return undefined
  const spec = partOf(partOf(object).spec)
  const headless = spec.type === 'Headless'
  return {
    ...identity,
    type: 'ClusterIP',
    clusterIPs: headless ? [] : readAddresses(listOf(spec.ips), complain),
    headless,
    externalName: '',
    ports: readPorts(spec.ports, complain),
    selects: false,
    imported: true,
  }
}

export const serviceImportForm: RecordForm<Service> = {
  ...serviceForm,
  read: (head, from) => ({ ...serviceForm.read(head, from), imported: true }),
}
