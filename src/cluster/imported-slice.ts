// What DNS needs of an EndpointSlice of a service that several clusters have together (KEP-1645).
import { type Complain, partOf, textOf, tolerate } from './api-object.ts'
import { type EndpointSlice, endpointSliceForm, readEndpointSlice } from './endpoint-slice.ts'
import type { RecordForm } from './record.ts'

export interface ImportedSlice extends EndpointSlice {
  /** Whose endpoints they are: its label multicluster.kubernetes.io/source-cluster, lower-cased; '' where it has none. */
  readonly cluster: string
}

/** What the API server is asked for. */
export const importedService = 'multicluster.kubernetes.io/service-name'

/** Reads an EndpointSlice. Undefined where it belongs to no ServiceImport, which is no fault, or can't be looked up. */
export function trimImportedSlice(object: unknown, complain: Complain = tolerate): ImportedSlice | undefined {
  const slice = readEndpointSlice(object, importedService, complain)
  if (slice === undefined) return undefined
  const labels = partOf(partOf(partOf(object).metadata).labels)
  return { ...slice, cluster: textOf(labels['multicluster.kubernetes.io/source-cluster']).toLowerCase() }
}

export const importedSliceForm: RecordForm<ImportedSlice> = {
  head: endpointSliceForm.head,
  write(slice, to) {
    endpointSliceForm.write(slice, to)
    to.text(slice.cluster)
  },
  read: (head, from) => ({ ...endpointSliceForm.read(head, from), cluster: from.text() }),
}
