// How connections to an upstream are begun: TCP, or TLS with the certificates that the stanza asks for.
import { connect, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { TlsOptions } from '../../corefile/tls-files.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** The address questions leave from; undefined where the system chooses. */
  readonly source: string | undefined
}

export interface TlsPlace extends Place {
  readonly tls: TlsOptions
  /** Whose certificate it must show; undefined: that of the address. */
  readonly serverName: string | undefined
  /** What is to be spoken over it (RFC 7301); undefined where there is no choice. */
  readonly alpn: string | undefined
}

/** Begins a connection; that it is there, or why not, comes as an event of the socket. */
export type Dial = () => Socket

export function tcpDial(place: Place): Dial {
  const options = optionsOf(place)
  return () => connect(options)
}

/** Sessions are taken up again. */
export function tlsDial(place: TlsPlace): Dial {
  const { tls, serverName, alpn } = place
  let context: SecureContext | undefined
  let last: Buffer | undefined
  return () => {
    // Loaded where it is needed: it would cost every worker memory.
    const { connect: connectTls } = process.getBuiltinModule('node:tls')
    context ??= secureContext(tls)
    const socket = connectTls({
      ...optionsOf(place),
      secureContext: context,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      ...(last === undefined ? {} : { session: last }),
    })
    socket.on('session', (session: Buffer) => {
      last = session
    })
    return socket
  }
}

function optionsOf({ host, port, source }: Place) {
  return { host, port, noDelay: true, ...(source === undefined ? {} : { localAddress: source }) }
}

/** Made once: reading all authorities takes a while. */
function secureContext({ ca, cert, key }: TlsOptions): SecureContext {
  const { createSecureContext, getCACertificates } = process.getBuiltinModule('node:tls')
  return createSecureContext({
    minVersion: 'TLSv1.2',
    // Node's own list, and what the administrators of this host have added to theirs.
    ca: ca ?? [...getCACertificates('default'), ...getCACertificates('system')],
    ...(cert === undefined ? {} : { cert, key }),
  })
}
