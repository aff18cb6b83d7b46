// What a TLS listener wants of its clients' certificates: the five policies of Go's crypto/tls, as settings of node:tls.
import type { TLSSocket, TlsOptions } from 'node:tls'

/** No certificate asked for; asked for; one needed, whoever signed it; what is shown must be good; a good one needed. */
export type ClientAuth = 'none' | 'request' | 'require any' | 'verify if given' | 'require and verify'

export interface ClientAuthSettings extends Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized'> {
  /** Looks at a connection that has been set up; false cuts it off. */
  readonly admits?: (socket: TLSSocket) => boolean
}

const showsCertificate = (socket: TLSSocket): boolean => Object.keys(socket.getPeerCertificate() as object).length > 0

const settings: Readonly<Record<ClientAuth, ClientAuthSettings>> = {
  none: { requestCert: false },
  request: { requestCert: true, rejectUnauthorized: false },
  'require any': { requestCert: true, rejectUnauthorized: false, admits: showsCertificate },
  'verify if given': {
    requestCert: true,
    rejectUnauthorized: false,
    admits: (socket) => socket.authorized || !showsCertificate(socket),
  },
  'require and verify': { requestCert: true, rejectUnauthorized: true },
}

export const clientAuthSettings = (policy: ClientAuth): ClientAuthSettings => settings[policy]
