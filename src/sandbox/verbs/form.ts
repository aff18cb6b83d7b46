// Puts objects and lists into the form a client asked for.
import { apiVersionOf, type Kind } from '../kinds.ts'
import type { Form } from '../negotiation.ts'
import type { KubeObject } from '../object.ts'
import { badRequest } from '../status.ts'
import { type IncludeObject, tableOf } from '../table/table.ts'

export interface ObjectList {
  readonly metadata: object
  readonly items: readonly KubeObject[]
}

interface Asked {
  readonly kind: Kind
  readonly query: URLSearchParams
}

/** A list in a form: an object, or JSON in pieces. */
export function asForm(form: Form, asked: Asked, list: ObjectList): object | Iterable<string> {
  if (form.as === 'Table') return tableOf(asked.kind, list, { include: includeObject(asked.query), headers: true })
  if (form.as === 'PartialObjectMetadata') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
    return { ...head, metadata: list.metadata, items: list.items.map(partial) }
  }
  return pieces(asked.kind, list)
}

/** One object in a form. `headers` false is for the later events of a watch. */
export function objectAsForm(form: Form, asked: Asked, object: KubeObject, { headers } = { headers: true }): object {
  if (form.as === 'object') return object
  if (form.as === 'PartialObjectMetadata') return partial(object)
  const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' }
  const include = includeObject(asked.query)
  return tableOf(asked.kind, { metadata, items: [object] }, { include, headers })
}

function includeObject(query: URLSearchParams): IncludeObject {
  const text = query.get('includeObject') || 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(`unrecognized includeObject value: "${text}"`)
}

const partial = ({ metadata }: KubeObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata,
})

/** How many items go into a piece of text. */
const pieceItems = 500

/** Items of a list don't repeat their kind, as in the real server's. */
function* pieces(kind: Kind, { metadata, items }: ObjectList): Generator<string> {
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata })
  yield `${head.slice(0, -1)},"items":[`
  for (let start = 0; start < items.length; start += pieceItems) {
    const texts = items
      .slice(start, start + pieceItems)
      .map(({ kind: _, apiVersion: __, ...rest }) => JSON.stringify(rest))
    yield (start === 0 ? '' : ',') + texts.join(',')
  }
  yield ']}\n'
}
