// One thing that explains an answer: which object made it, or what is missing.

export type Cause =
  // What is there.
  | 'made-by-service'
  | 'made-by-endpoints'
  | 'made-by-pod'
  | 'made-by-external-name'
  | 'made-by-schema'
  // What is missing.
  | 'no-namespace'
  | 'no-service'
  | 'other-namespace'
  | 'pod-name-alone'
  | 'no-governing-service'
  | 'no-endpoints'
  | 'no-selector'
  | 'none-ready'
  | 'endpoint-not-ready'
  | 'pod-without-hostname'
  | 'other-hostname'
  | 'wrong-service'
  | 'pod-not-selected'
  | 'pod-not-running'
  | 'no-such-endpoint'
  | 'no-such-port'
  | 'unnamed-port'
  | 'nothing-below-external-name'
  | 'external-name-dead'
  | 'external-name-is-address'
  | 'no-such-family'
  | 'no-such-type'
  | 'pods-disabled'
  | 'no-such-pod'
  | 'no-reverse-name'
  | 'unknown-address'
  | 'old-short-form'
  | 'no-svc-label'
  | 'wrong-cluster-domain'
  | 'trailing-dot'
  | 'incomplete-name'
  | 'no-cluster-search'
  | 'resolver-rule'
  | 'server-disagrees'
  | 'zone-not-served'
  | 'upstream-down'
  | 'refused'
  | 'no-such-name'
  | 'server-unreachable'
  // Beside the point, but worth to know.
  | 'ndots-amplification'
  | 'nothing-behind'
  | 'some-not-ready'
  | 'out-of-date'
  | 'unread'

export interface Insight {
  readonly kind: 'made' | 'missing' | 'note'
  readonly cause: Cause
  /** A sentence for an operator, without a full stop. */
  readonly text: string
  /** What to do; '' where there is nothing to say. */
  readonly advice: string
  /** How much of a failure it explains, among all names that were tried. */
  readonly weight: number
}

export function made(cause: Cause, text: string): Insight {
  return { kind: 'made', cause, text, advice: '', weight: 0 }
}

export function missing(weight: number, cause: Cause, text: string, advice = ''): Insight {
  return { kind: 'missing', cause, text, advice, weight }
}

export function note(cause: Cause, text: string, advice = ''): Insight {
  return { kind: 'note', cause, text, advice, weight: 0 }
}

/** `1 pod`, `3 pods`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}

/** The first few of a list, and how many more there are. */
export function some(texts: readonly string[], most = 5): string {
  const shown = texts.slice(0, most).join(', ')
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown
}
