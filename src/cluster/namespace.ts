// What DNS needs of a v1 Namespace.
import { type Complain, identityOf, isLabel, tolerate } from './api-object.ts'
import type { RecordForm } from './record.ts'

export interface Namespace {
  readonly name: string
}

/** Reads a v1 Namespace. Undefined where its name can't be a label. */
export function trimNamespace(object: unknown, complain: Complain = tolerate): Namespace | undefined {
  const name = identityOf(object)?.name
  if (name !== undefined && isLabel(name)) return { name }
  complain(name === undefined ? 'it has no name' : `its name ${JSON.stringify(name)} is no label`)
  return undefined
}

export const namespaceForm: RecordForm<Namespace> = {
  head({ name }) {
    return { namespace: '', name, service: '', addresses: [] }
  },
  write() {},
  read({ name }) {
    return { name }
  },
}
