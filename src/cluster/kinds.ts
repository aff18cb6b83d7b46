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
}

export const kinds: { readonly [K in Kind]: KindOf<K> } = {
  services: {
    singular: 'Service',
    group: '/api/v1',
    namespaced: true,
    fieldSelector: '',
    trim: trimService,
    form: serviceForm,
  },
  endpointslices: {
    singular: 'EndpointSlice',
    group: '/apis/discovery.k8s.io/v1',
    namespaced: true,
    fieldSelector: '',
    trim: trimEndpointSlice,
    form: endpointSliceForm,
  },
  namespaces: {
    singular: 'Namespace',
    group: '/api/v1',
    namespaced: false,
    fieldSelector: '',
    trim: trimNamespace,
    form: namespaceForm,
  },
  pods: {
    singular: 'Pod',
    group: '/api/v1',
    namespaced: true,
    fieldSelector: podFields,
    trim: trimPod,
    form: podForm,
  },
}

export const kindNames = Object.keys(kinds) as readonly Kind[]
