// The kinds of objects DNS is made from: what the API calls them, where it has them, how they are read.
import type { Complain } from './api-object.ts'
import { type EndpointSlice, endpointSliceForm, trimEndpointSlice } from './endpoint-slice.ts'
import { type Namespace, namespaceForm, trimNamespace } from './namespace.ts'
import { type Pod, podFields, podForm, trimPod } from './pod.ts'
import type { RecordForm } from './record.ts'
import { type Service, serviceForm, trimService } from './service.ts'
import type { Kind } from './store.ts'

/** The trimmed form of each kind. */
export interface Trimmed {
  readonly services: Service
  readonly endpointslices: EndpointSlice
  readonly namespaces: Namespace
  readonly pods: Pod
}

export interface KindOf<K extends Kind> {
  /** As in an object's `kind`. */
  readonly singular: string
  /** The path of its group and version. */
  readonly group: string
  readonly namespaced: boolean
  /** '' where all of them are asked for. */
  readonly fieldSelector: string
  trim(object: unknown, complain?: Complain): Trimmed[K] | undefined
  /** How what was trimmed is packed. */
  readonly form: RecordForm<Trimmed[K]>
  /** The addresses of the first list of the form's head have reverse names. */
  readonly isReversed: boolean
  /** What DNS records are made of: as long as that is the same, a zone's serial doesn't move. */
  zonePart(trimmed: Trimmed[K]): unknown
}

export const kinds: { readonly [K in Kind]: KindOf<K> } = {
  services: {
    singular: 'Service',
    group: '/api/v1',
    namespaced: true,
    fieldSelector: '',
    trim: trimService,
    form: serviceForm,
    isReversed: true,
    zonePart: (service) => ({ ...service, selects: true }),
  },
  endpointslices: {
    singular: 'EndpointSlice',
    group: '/apis/discovery.k8s.io/v1',
    namespaced: true,
    fieldSelector: '',
    trim: trimEndpointSlice,
    form: endpointSliceForm,
    isReversed: true,
    // Nobody is sent to the others.
    zonePart: ({ endpoints, ...slice }) => ({
      ...slice,
      endpoints: endpoints.filter(({ ready, serving }) => ready || serving),
    }),
  },
  namespaces: {
    singular: 'Namespace',
    group: '/api/v1',
    namespaced: false,
    fieldSelector: '',
    trim: trimNamespace,
    form: namespaceForm,
    isReversed: false,
    zonePart: () => undefined,
  },
  pods: {
    singular: 'Pod',
    group: '/api/v1',
    namespaced: true,
    fieldSelector: podFields,
    trim: trimPod,
    form: podForm,
    isReversed: false,
    zonePart: ({ addresses }) => addresses,
  },
}

export const kindNames = Object.keys(kinds) as readonly Kind[]

/** Something for each kind. */
export function mapKinds<T>(make: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return Object.fromEntries(kindNames.map((kind) => [kind, make(kind)])) as Record<Kind, T>
}
