// The kinds of objects DNS is made from: what the API calls them, where it has them, how they are read.
import type { Complain } from './api-object.ts'
import { type EndpointSlice, endpointSliceForm, trimEndpointSlice } from './endpoint-slice.ts'
import { type ImportedSlice, importedService, importedSliceForm, trimImportedSlice } from './imported-slice.ts'
import { type Namespace, namespaceForm, trimNamespace } from './namespace.ts'
import { type Pod, podFields, podForm, trimPod } from './pod.ts'
import type { RecordForm } from './record.ts'
import { type Service, serviceForm, trimService } from './service.ts'
import { serviceImportForm, trimServiceImport } from './service-import.ts'
import type { Kind } from './store.ts'

/** The trimmed form of each kind. */
export interface Trimmed {
  readonly services: Service
  readonly endpointslices: EndpointSlice
  readonly namespaces: Namespace
  readonly pods: Pod
  /** Of a set of clusters (Multi-Cluster Services API), as are the slices. */
  readonly serviceimports: Service
  readonly importedslices: ImportedSlice
}

export interface KindOf<K extends Kind> {
  /** As in an object's `kind`. */
  readonly singular: string
  /** As in paths. */
  readonly plural: string
  /** The path of its group and version. */
  readonly group: string
  readonly namespaced: boolean
  /** '' where all of them are asked for. */
  readonly fieldSelector: string
  /** Goes with that of the options; '' where all of them are asked for. */
  readonly labelSelector: string
  /** Is there only where clusters share services. */
  readonly isMulticluster: boolean
  /** How long parts of its objects begin of which nothing is read; managed fields are half of an object as a rule. */
  readonly skipped: readonly string[]
  trim(object: unknown, complain?: Complain): Trimmed[K] | undefined
  /** How what was trimmed is packed. */
  readonly form: RecordForm<Trimmed[K]>
  /** Are they looked up by namespace and name? */
  readonly isNamed: boolean
  /** The addresses of the first list of the form's head have reverse names. */
  readonly isReversed: boolean
  /** What DNS records are made of: as long as that is the same, a zone's serial doesn't move. */
  zonePart(trimmed: Trimmed[K]): unknown
}

const ofOneCluster = { labelSelector: '', isMulticluster: false } as const

export const kinds: { readonly [K in Kind]: KindOf<K> } = {
  services: {
    singular: 'Service',
    plural: 'services',
    ...ofOneCluster,
    group: '/api/v1',
    namespaced: true,
    fieldSelector: '',
    skipped: ['"managedFields":['],
    trim: trimService,
    form: serviceForm,
    isNamed: true,
    isReversed: true,
    zonePart: (service) => ({ ...service, selects: true }),
  },
  endpointslices: {
    singular: 'EndpointSlice',
    plural: 'endpointslices',
    ...ofOneCluster,
    group: '/apis/discovery.k8s.io/v1',
    namespaced: true,
    fieldSelector: '',
    skipped: ['"managedFields":['],
    trim: trimEndpointSlice,
    form: endpointSliceForm,
    isNamed: false,
    isReversed: true,
    // Nobody is sent to the others.
    zonePart: ({ endpoints, ...slice }) => ({
      ...slice,
      endpoints: endpoints.filter(({ ready, serving }) => ready || serving),
    }),
  },
  namespaces: {
    singular: 'Namespace',
    plural: 'namespaces',
    ...ofOneCluster,
    group: '/api/v1',
    namespaced: false,
    fieldSelector: '',
    skipped: ['"managedFields":['],
    trim: trimNamespace,
    form: namespaceForm,
    isNamed: true,
    isReversed: false,
    zonePart: () => undefined,
  },
  pods: {
    singular: 'Pod',
    plural: 'pods',
    ...ofOneCluster,
    group: '/api/v1',
    namespaced: true,
    fieldSelector: podFields,
    skipped: ['"managedFields":[', '"spec":{', '"conditions":[', '"containerStatuses":[', '"initContainerStatuses":['],
    trim: trimPod,
    form: podForm,
    isNamed: false,
    isReversed: false,
    zonePart: ({ addresses }) => addresses,
  },
  serviceimports: {
    singular: 'ServiceImport',
    plural: 'serviceimports',
    group: '/apis/multicluster.x-k8s.io/v1alpha1',
    namespaced: true,
    fieldSelector: '',
    labelSelector: '',
    isMulticluster: true,
    skipped: ['"managedFields":['],
    trim: trimServiceImport,
    form: serviceImportForm,
    isNamed: true,
    isReversed: false,
    zonePart: (service) => service,
  },
  importedslices: {
    singular: 'EndpointSlice',
    plural: 'endpointslices',
    group: '/apis/discovery.k8s.io/v1',
    namespaced: true,
    fieldSelector: '',
    labelSelector: importedService,
    isMulticluster: true,
    skipped: ['"managedFields":['],
    trim: trimImportedSlice,
    form: importedSliceForm,
    isNamed: false,
    isReversed: false,
    // Nobody is sent to the others.
    zonePart: ({ endpoints, ...slice }) => ({
      ...slice,
      endpoints: endpoints.filter(({ ready, serving }) => ready || serving),
    }),
  },
}

export const kindNames = Object.keys(kinds) as readonly Kind[]

/** Those that every cluster has. */
export const clusterKinds = kindNames.filter((kind) => !kinds[kind].isMulticluster)

/** Something for each kind. */
export function mapKinds<T>(make: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return Object.fromEntries(kindNames.map((kind) => [kind, make(kind)])) as Record<Kind, T>
}
