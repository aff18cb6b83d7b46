// Reads API objects as they come: any part may be missing or of another type than the API promises.

/** Told, in words, what about an object can't be used. */
export type Complain = (problem: string) => void

export const tolerate: Complain = () => {}

export type Part = Readonly<Record<string, unknown>>

const nothing: Part = {}

/** The value where it is a JSON object; an empty one else. */
export function partOf(value: unknown): Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Part) : nothing
}

/** The value where it is a JSON array; an empty one else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value where it is a string; '' else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Can the text stand as one label of a name? Only what no wire form could carry is refused, not what the API would refuse. */
export function isLabel(text: string): boolean {
  return /^[!-\-/-~]{1,63}$/.test(text)
}

export interface Identity {
  /** '' for objects of no namespace. */
  readonly namespace: string
  readonly name: string
}

/** metadata.namespace and metadata.name, lower-cased: the form in which DNS compares. Undefined without a name. */
export function identityOf(object: unknown): Identity | undefined {
  const metadata = partOf(partOf(object).metadata)
  const name = textOf(metadata.name).toLowerCase()
  return name === '' ? undefined : { namespace: textOf(metadata.namespace).toLowerCase(), name }
}

/** As `identityOf`, for objects that live in a namespace; complains where there is none. */
export function namespacedIdentityOf(object: unknown, complain: Complain): Identity | undefined {
  const identity = identityOf(object)
  if (identity === undefined) complain('it has no name')
  else if (!isLabel(identity.namespace)) complain(`its namespace ${JSON.stringify(identity.namespace)} is no label`)
  else return identity
  return undefined
}

/** The key of an object among those of its kind: `namespace/name`, or `name` where there is no namespace. */
export function keyOf(identity: Identity): string {
  return identity.namespace === '' ? identity.name : `${identity.namespace}/${identity.name}`
}
