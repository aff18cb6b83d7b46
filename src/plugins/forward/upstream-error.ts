// What goes wrong between us and an upstream, in the words in which Go's net package, and so CoreDNS, tells it.
import { ExtendedErrorCode } from '../../dns/codes.ts'

interface UpstreamErrorOptions extends ErrorOptions {
  /** ExtendedErrorCode (RFC 8914 4): what the client may know of it. */
  readonly code?: number
  /** The connection had been in use before and was closed under us: worth another one, and no fault of the upstream's. */
  readonly stale?: boolean
}

export class UpstreamError extends Error {
  override name = 'UpstreamError'
  readonly code: number
  readonly stale: boolean

  constructor(
    message: string,
    { code = ExtendedErrorCode.NETWORK_ERROR, stale = false, ...options }: UpstreamErrorOptions = {},
  ) {
    super(message, options)
    this.code = code
    this.stale = stale
  }
}

/** Nothing came back in time. `what` names the operation and its ends: `read udp 10.0.0.9:40000->192.0.2.1:53`. */
export function timeoutError(what: string): UpstreamError {
  return new UpstreamError(`${what}: i/o timeout`, { code: ExtendedErrorCode.NO_REACHABLE_AUTHORITY })
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
  ECONNABORTED: 'software caused connection abort',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  EINVAL: 'invalid argument',
  EMFILE: 'too many open files',
  EMSGSIZE: 'message too long',
  ENETUNREACH: 'network is unreachable',
  ENOBUFS: 'no buffer space available',
  EPERM: 'operation not permitted',
  EPIPE: 'broken pipe',
  ETIMEDOUT: 'connection timed out',
}

/** An error of the system's as Go tells it: `connection refused`. */
export function systemWords(error: NodeJS.ErrnoException): string {
  return words[error.code ?? ''] ?? error.message
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function printHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
