// Refusals of the API as meta/v1 Status objects, in the words of the real server.

export interface Cause {
  readonly reason: string
  readonly message: string
  readonly field: string
}

/** What went wrong with an object or a request: thrown by the registry and the verbs, answered as a Status. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: { readonly [field: string]: unknown } | undefined
  readonly metadata: object

  constructor(
    code: number,
    reason: string,
    message: string,
    details?: { readonly [field: string]: unknown },
    metadata: object = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.reason = reason
    this.details = details
    this.metadata = metadata
  }

  status(): object {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

/** What errors need of a kind. */
export interface Subject {
  readonly group: string
  readonly resource: string
  readonly kind: string
}

const qualified = (subject: Subject) =>
  subject.group === '' ? subject.resource : `${subject.resource}.${subject.group}`

const details = (subject: Subject, name: string) => ({
  ...(name === '' ? {} : { name }),
  ...(subject.group === '' ? {} : { group: subject.group }),
  kind: subject.resource,
})

export function notFound(subject: Subject, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(subject)} "${name}" not found`, details(subject, name))
}

export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function alreadyExists(subject: Subject, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualified(subject)} "${name}" already exists`, details(subject, name))
}

export function conflict(subject: Subject, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`
  return new ApiError(409, 'Conflict', message, details(subject, name))
}

export const modified = 'the object has been modified; please apply your changes to the latest version and try again'

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function forbidden(subject: Subject, name: string, why: string): ApiError {
  const message = `${qualified(subject)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`
  return new ApiError(403, 'Forbidden', message, details(subject, name))
}

export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message)
}

export function methodNotAllowed(subject: Subject, verb: string): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    `${verb} is not supported on resources of kind "${qualified(subject)}"`,
    {
      ...(subject.group === '' ? {} : { group: subject.group }),
      kind: subject.resource,
    },
  )
}

/** The object can't be stored as it is: 422 with a cause for every fault. */
export function invalid(subject: Subject, name: string, causes: readonly Cause[]): ApiError {
  const faults = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const listed = faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`
  const title = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`
  return new ApiError(422, 'Invalid', `${title} "${name}" is invalid: ${listed}`, {
    ...details(subject, name),
    kind: subject.kind,
    causes,
  })
}

/** A value as it is quoted in causes. */
const shown = (value: unknown) => JSON.stringify(value) ?? 'null'

/** The kinds of fault the real API tells apart. */
export const cause = {
  required: (field: string, why = ''): Cause => ({
    reason: 'FieldValueRequired',
    message: `Required value${why === '' ? '' : `: ${why}`}`,
    field,
  }),
  invalid: (field: string, value: unknown, why: string): Cause => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${shown(value)}: ${why}`,
    field,
  }),
  duplicate: (field: string, value: unknown): Cause => ({
    reason: 'FieldValueDuplicate',
    message: `Duplicate value: ${shown(value)}`,
    field,
  }),
  notSupported: (field: string, value: unknown, supported: readonly string[]): Cause => ({
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
    field,
  }),
  forbidden: (field: string, why: string): Cause => ({
    reason: 'FieldValueForbidden',
    message: `Forbidden: ${why}`,
    field,
  }),
}
