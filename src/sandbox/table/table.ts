// Objects as rows, as `kubectl get` shows them: the Table of meta.k8s.io/v1.
import type { Kind } from '../kinds.ts'
import type { KubeObject } from '../object.ts'
import { ageOf } from './cell.ts'
import { clusterColumns } from './cluster-columns.ts'
import { endpointColumns } from './endpoint-columns.ts'
import { podColumns } from './pod-columns.ts'
import { workloadColumns } from './workload-columns.ts'

/** A column after the name; `wide` ones are shown by `-o wide` only. */
export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly wide?: true
  cell(object: T): string | number
}

/** Which columns a kind has beside its name and its age. */
export type Columns = Readonly<Record<string, readonly Column[]>>

export type IncludeObject = 'None' | 'Metadata' | 'Object'

const columns: Columns = { ...podColumns, ...endpointColumns, ...workloadColumns, ...clusterColumns }
/** The kind whose first column is not its name. */
const nameless = 'Event'
const age: Column = { name: 'Age', cell: ageOf }

function columnsOf(kind: Kind): readonly Column[] {
  const own = kind.schema === undefined ? (columns[kind.kind] ?? []) : []
  if (kind.schema === undefined && kind.kind === nameless) return own
  const name: Column = { name: 'Name', cell: ({ metadata }) => metadata.name }
  const narrow = own.filter((column) => column.wide !== true)
  // Age comes last of the narrow ones where a kind doesn't place it itself.
  const last = narrow.some((column) => column.name === age.name) ? [] : [age]
  return [name, ...narrow, ...last, ...own.filter((column) => column.wide === true)]
}

/** `headers` false leaves the definitions of the columns out, as in a watch after its first event. */
export function tableOf(
  kind: Kind,
  { metadata, items }: { readonly metadata: object; readonly items: readonly KubeObject[] },
  { include, headers }: { readonly include: IncludeObject; readonly headers: boolean },
): object {
  const all = columnsOf(kind)
  const definitions = all.map(({ name, wide }) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: wide === true ? 1 : 0,
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headers ? definitions : [],
    rows: items.map((object) => ({ cells: all.map((column) => column.cell(object)), ...included(object, include) })),
  }
}

function included(object: KubeObject, include: IncludeObject): object {
  if (include === 'None') return {}
  if (include === 'Object') return { object }
  return { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata } }
}
