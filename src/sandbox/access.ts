// Who asks, and what they may do. On plain HTTP everybody may do everything; on TLS clients show a token or a certificate.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Target, Verb } from './request.ts'
import { ApiError, forbidden } from './status.ts'

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

/** The groups that decide; a user in none of them may do everything. */
export const groups = {
  /** May do nothing. */
  denied: 'sandbox:denied',
  /** May get, list and watch. */
  readonly: 'sandbox:readonly',
  /** Before the name of a resource: may do nothing with that. */
  deny: 'sandbox:deny-',
} as const

export const admin: User = { name: 'sandbox-admin', groups: ['system:masters'] }

/** The users the kubeconfig has contexts for. */
const standing: Readonly<Record<string, User>> = {
  'sandbox-token': admin,
  'sandbox-readonly': { name: 'sandbox-readonly', groups: [groups.readonly] },
  'sandbox-denied': { name: 'sandbox-denied', groups: [groups.denied] },
}

export class Access {
  readonly #tokens = new Map<string, User>()
  readonly #listeners: (() => void)[] = []

  constructor() {
    for (const user of Object.values(standing)) this.#issue(user)
  }

  /** The token of a user, by which it is known from now on; the same one until it is rotated. */
  tokenFor(user: User): string {
    for (const [token, each] of this.#tokens) if (each.name === user.name) return token
    return this.#issue(user)
  }

  /** Gives every user a new token and tells who follows (`onRotate`). The old ones are refused at once, or go on too. */
  rotate({ keepOld = false }: { readonly keepOld?: boolean } = {}): void {
    const old = [...this.#tokens]
    this.#tokens.clear()
    for (const user of new Map(old.map(([, user]) => [user.name, user])).values()) this.#issue(user)
    if (keepOld) for (const [token, user] of old) this.#tokens.set(token, user)
    for (const listener of this.#listeners) listener()
  }

  /** The current token of each user that the kubeconfig has a context for, by the name of the context. */
  named(): Record<string, string> {
    return Object.fromEntries(Object.entries(standing).map(([name, user]) => [name, this.tokenFor(user)]))
  }

  onRotate(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Throws ApiError 401. */
  authenticate(message: IncomingMessage): User {
    const { authorization } = message.headers
    const { socket } = message
    if (authorization !== undefined) {
      const user = this.#tokens.get(/^Bearer (.*)$/i.exec(authorization)?.[1] ?? '')
      if (user === undefined) throw unauthorized()
      return user
    }
    if (!(socket instanceof TLSSocket)) return admin
    const { subject } = socket.getPeerCertificate()
    if (!socket.authorized || subject === undefined) throw unauthorized()
    return { name: [subject.CN].flat()[0] ?? '', groups: [subject.O ?? []].flat() }
  }

  #issue(user: User): string {
    const token = randomBytes(24).toString('base64url')
    this.#tokens.set(token, user)
    return token
  }
}

function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized')
}

const reading: readonly Verb[] = ['get', 'list', 'watch']

/** Something on an object or a collection, or a path beside them. */
export type Action =
  | { readonly verb: Verb; readonly target: Target }
  | { readonly path: string; readonly method: string }

/** Throws ApiError 403. */
export function authorize(user: User, action: Action): void {
  const has = (group: string) => user.groups.includes(group)
  if ('path' in action) {
    const reads = action.method === 'GET' || action.method === 'HEAD'
    if (!has(groups.denied) && (reads || !has(groups.readonly))) return
    const verb = action.method.toLowerCase()
    throw new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${action.path}"`, {})
  }
  const { verb, target } = action
  const { kind, namespace, name } = target
  const writes = !reading.includes(verb)
  if (!has(groups.denied) && !has(groups.deny + kind.resource) && !(writes && has(groups.readonly))) return
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const why = `User "${user.name}" cannot ${verb} resource "${kind.resource}" in API group "${kind.group}" ${where}`
  throw forbidden(kind, name, why)
}
