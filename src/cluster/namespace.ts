// What DNS needs of a v1 Namespace.

export interface Namespace {
  readonly name: string
}
