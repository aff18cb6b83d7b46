// What we use of dns2: its listeners, which server/udp.ts and tcp.ts extend, and its Packet, with which `explain` asks.
// Only importer of dns2.
//
// The listeners hand over octets, not Packets: parsing a crafted message costs seconds (docs/decisions/wire-codec.md).
// So a Packet reads only what comes from a server that the user named, and no more than explain/ask.ts lets through.
import type { Server, Socket } from 'node:net'
import dns2 from 'dns2'

export const UDPServer = dns2.UDPServer
export const Packet = dns2.Packet

/** Bookkeeping of one TCP connection, as dns2's `response` keeps it. */
export interface TcpState {
  /** Queries read and not yet answered. */
  inFlight: number
  /** The client has sent all it will send; the connection is closed after the last reply. */
  peerEnded: boolean
}

interface Tcp extends Server {
  /** Called for each connection. */
  handle(client: Socket): Promise<void>
  /** Writes one framed reply, counts it, and closes after the last one where the client has ended. */
  response(client: Socket, state: TcpState, message: Buffer): void
}

/** dns2's own types leave out the option and the two methods. */
export const TCPServer = dns2.TCPServer as unknown as new (options: { readonly idleTimeout: number }) => Tcp
