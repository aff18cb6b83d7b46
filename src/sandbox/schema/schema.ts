// What fields objects have: the one table behind OpenAPI, `kubectl explain`, decoding, strategic merge and server-side apply.
import { type Kind, kinds } from '../kinds.ts'
import { clusterFields } from './cluster-fields.ts'
import type { JsonSchema } from './json-schema.ts'
import { metaFields } from './meta-fields.ts'
import { podFields } from './pod-fields.ts'
import { serviceFields } from './service-fields.ts'
import { workloadFields } from './workload-fields.ts'

/**
 * A type as it is written down: its fields as text, `TYPE [MARK...] | description`.
 * TYPE: string, int, bool, time, bytes, quantity, int-or-string, any, or another type of the table; `[]` after it makes a
 * list, `{}` a map from strings, `*` says that zero, false and '' differ from absence. MARK: `#3` the number of the field in protobuf (generated.proto of k8s.io/api); `required`; `keys:a,b` a list whose items are told apart by these fields; `set` a
 * list of distinct values; `default:a` what a key is where it is left out; `merge:a` and `merge` how strategic merge treats a list (else it is replaced); `retain`
 * strategic merge drops fields the patch doesn't list; `atomic` a map that is replaced as a whole.
 */
export interface TypeRow {
  readonly about: string
  readonly fields: Readonly<Record<string, string>>
}

/** The types of one package: `io.k8s.api.core.v1` and the like. */
export interface TypePackage {
  readonly name: string
  readonly types: Readonly<Record<string, TypeRow>>
}

export interface Field {
  readonly about: string
  /** In protobuf; undefined where nobody sends it that way. */
  readonly number: number | undefined
  /** Zero, false and '' mean that it is absent, as Go leaves them out. */
  readonly omitsZero: boolean
  readonly scalar: 'string' | 'int' | 'bool' | 'time' | 'bytes' | 'quantity' | 'int-or-string' | 'any' | undefined
  /** The name of a type of the table, where it is no scalar. */
  readonly type: string
  readonly shape: 'one' | 'list' | 'map'
  readonly required: boolean
  /** Fields that tell the items of a list apart; empty for lists that are one value. */
  readonly keys: readonly string[]
  readonly set: boolean
  /** What the field is where it is left out; only said of fields that are keys. */
  readonly fallback: string | undefined
  /** The field by which strategic merge matches items; '' for scalars that are merged; undefined: replaced. */
  readonly mergeKey: string | undefined
  readonly retainKeys: boolean
  readonly atomic: boolean
}

export interface ObjectType {
  readonly name: string
  /** `io.k8s.api.core.v1.Service` */
  readonly id: string
  readonly about: string
  readonly fields: ReadonlyMap<string, Field>
}

const scalars = ['string', 'int', 'bool', 'time', 'bytes', 'quantity', 'int-or-string', 'any']

function parseField(text: string): Field {
  const [head = '', about = ''] = text.split(' | ')
  const [typeText = '', ...marks] = head.split(' ')
  const type = typeText.replace(/(\[\]|\{\}|\*)$/, '')
  const number = marks.find((each) => each.startsWith('#'))
  const mark = (name: string) => marks.find((each) => each === name || each.startsWith(`${name}:`))
  return {
    about,
    number: number === undefined ? undefined : Number(number.slice(1)),
    omitsZero: ['string', 'int', 'bool'].includes(typeText) && !marks.includes('required'),
    scalar: scalars.includes(type) ? (type as NonNullable<Field['scalar']>) : undefined,
    type,
    shape: typeText.endsWith('[]') ? 'list' : typeText.endsWith('{}') ? 'map' : 'one',
    required: marks.includes('required'),
    keys: mark('keys')?.slice('keys:'.length).split(',') ?? [],
    set: marks.includes('set'),
    fallback: mark('default')?.slice('default:'.length),
    mergeKey: mark('merge')?.slice('merge:'.length),
    retainKeys: marks.includes('retain'),
    atomic: marks.includes('atomic'),
  }
}

/** The fields every object has beside its own. */
const objectFields: Readonly<Record<string, string>> = {
  apiVersion: 'string | Group and version of the API this object is written for.',
  kind: 'string | What the object is.',
  metadata: 'ObjectMeta #1 | Name, namespace, labels and what else all objects have.',
}

const wholeObjects = new Set([...kinds.map((kind) => kind.kind), 'Scale'])

/** Every type by name; names are unique over the packages. */
export const objectTypes: ReadonlyMap<string, ObjectType> = new Map(
  [metaFields, serviceFields, podFields, workloadFields, ...clusterFields].flatMap(({ name: packageName, types }) =>
    Object.entries(types).map(([name, { about, fields }]) => {
      const all = { ...(wholeObjects.has(name) ? objectFields : {}), ...fields }
      const parsed = Object.entries(all).map(([field, text]) => [field, parseField(text)] as const)
      // Core and discovery both have an EndpointPort.
      const id = `${packageName}.${name.replace(/^Slice(?=Endpoint)/, '')}`
      return [name, { name, id, about, fields: new Map(parsed) }] as const
    }),
  ),
)

export function objectType(name: string): ObjectType {
  const type = objectTypes.get(name)
  if (type === undefined) throw new RangeError(`the schema has no type ${name}`)
  return type
}

/** The type of a kind's objects. */
export function typeOfKind(kind: Kind): ObjectType {
  return kind.schema === undefined ? objectType(kind.kind) : customType(kind, kind.schema)
}

/** Of a custom resource only the top is told apart: whatever is in its spec belongs to one manager. */
function customType({ group, version, kind }: Kind, { description, properties = {} }: JsonSchema): ObjectType {
  const own = Object.keys(properties).map((name) => [name, 'any | Of this kind.'])
  const fields = Object.entries<string>({ ...Object.fromEntries(own), ...objectFields })
  const id = [...group.split('.').reverse(), version, kind].join('.')
  return {
    name: kind,
    id,
    about: description ?? '',
    fields: new Map(fields.map(([name, text]) => [name, parseField(text)])),
  }
}
