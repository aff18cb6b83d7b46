// What DNS needs of a discovery.k8s.io/v1 EndpointSlice.
import type { ServicePort } from './service.ts'

export interface Endpoint {
  /** Text in canonical form. */
  readonly addresses: readonly string[]
  /** Conditions, with the defaults of the API filled in: ready unless said otherwise. */
  readonly ready: boolean
  readonly serving: boolean
  readonly terminating: boolean
  /** '' where there is none. */
  readonly hostname: string
  /** The pod's name; '' where the target is no pod. */
  readonly podName: string
  readonly zone: string
}

export interface EndpointSlice {
  readonly namespace: string
  readonly name: string
  /** The service it belongs to: its label kubernetes.io/service-name. */
  readonly service: string
  readonly endpoints: readonly Endpoint[]
  readonly ports: readonly ServicePort[]
}
