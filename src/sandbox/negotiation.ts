// Which form of an answer a client takes (RFC 9110 12.5.1): JSON as it is, as a Table, or metadata only; which bodies are read.
import { ApiError } from './status.ts'

export interface Form {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata' | 'APIGroupDiscoveryList'
  /** Of the form, not of the object: `v1` of meta.k8s.io, `v2` of apidiscovery.k8s.io. */
  readonly version: string
  /** What the answer's Content-Type says. */
  readonly contentType: string
}

const plain: Form = { as: 'object', version: '', contentType: 'application/json' }

/** The first form the client names that we have. `offered` are the forms beside plain JSON. Throws ApiError 406. */
export function negotiate(accept: string, offered: readonly Form['as'][]): Form {
  if (accept.trim() === '') return plain
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const given = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]))
    if (!['application/json', 'application/*', '*/*'].includes(type) || given.get('q') === '0') continue
    const as = given.get('as')
    if (as === undefined) return plain
    // PartialObjectMetadataList asks for the list form of the same thing.
    const wanted = offered.find((each) => each === as || `${each}List` === as)
    const version = given.get('v') ?? ''
    if (wanted !== undefined && version !== '' && isKnown(wanted, version)) {
      const contentType = `application/json;g=${given.get('g')};v=${version};as=${as}`
      return { as: wanted, version, contentType: wanted === 'APIGroupDiscoveryList' ? contentType : 'application/json' }
    }
  }
  const message = 'only the following media types are accepted: application/json'
  throw new ApiError(406, 'NotAcceptable', message)
}

function isKnown(as: Form['as'], version: string): boolean {
  return as === 'APIGroupDiscoveryList' ? version === 'v2' : version === 'v1'
}

/** What kubectl's typed commands send. */
export const protobuf = 'application/vnd.kubernetes.protobuf'

/** Refuses bodies that are neither JSON nor protobuf. Throws ApiError 415. */
export function requireObject(contentType: string): void {
  if (['', 'application/json', protobuf].includes(contentType)) return
  throw unsupportedMediaType(['application/json', protobuf])
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return new ApiError(415, 'UnsupportedMediaType', message)
}
