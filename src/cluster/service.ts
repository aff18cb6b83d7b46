// What DNS needs of a v1 Service.

export interface ServicePort {
  /** '' for an unnamed port. */
  readonly name: string
  readonly port: number
  /** Lower-cased: tcp, udp, sctp. */
  readonly protocol: string
}

export interface Service {
  readonly namespace: string
  readonly name: string
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /** Text in canonical form; empty for headless and ExternalName services. */
  readonly clusterIPs: readonly string[]
  /** clusterIP is None. */
  readonly headless: boolean
  /** As written, without a trailing dot; '' but for ExternalName services. */
  readonly externalName: string
  readonly ports: readonly ServicePort[]
  /** Has a selector, so that its endpoints are made by a controller. */
  readonly selects: boolean
}
