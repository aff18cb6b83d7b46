// Certificates for tests of encrypted listeners, and places to listen at with them.

import type { Maybe } from '../../src/maybe.ts'
import type { TlsListen } from '../../src/plugin.ts'
import { createAuthority } from '../../src/sandbox/certificate.ts'
import type { Answer } from '../../src/server/answer.ts'
import type { Place } from '../../src/server/listeners.ts'

export const authority = createAuthority()
export const stranger = createAuthority()
const names = ['localhost', '127.0.0.1']
export const first = authority.issueServer(names)
export const second = authority.issueServer(names)
export const good = authority.issueClient({ commonName: 'good' })
export const bad = stranger.issueClient({ commonName: 'bad' })

/** What a listener shows, with more or other fields. */
export function listenBy(fields: Partial<TlsListen> = {}, { certificate, key } = first): TlsListen {
  return { files: [], cert: certificate, key, ca: authority.certificate, clientAuth: 'none', ...fields }
}

/** A place on loopback, at any port. */
export function placeOf(scheme: 'tls' | 'https', fields: Partial<Place> = {}): Place {
  const server = `${scheme}://127.0.0.1:0`
  return { address: '127.0.0.1', port: 0, server, reusePort: false, covered: false, scheme, ...fields }
}

/** What a client of node:tls must say. */
export const trusting = { host: '127.0.0.1', servername: 'localhost', ca: authority.certificate }

/** As a server gives it: written in place, where it need not be waited for. */
export function answerOf(reply: (message: Buffer) => Maybe<Buffer | undefined>): Answer {
  return (message, _size, _client, into) => {
    const octets = reply(message)
    return octets instanceof Promise ? octets : (octets?.copy(into) ?? 0)
  }
}

export const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
