// What DNS needs of a v1 Pod.

export interface Pod {
  readonly namespace: string
  readonly name: string
  /** status.podIPs, else status.podIP; text in canonical form. */
  readonly addresses: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}
