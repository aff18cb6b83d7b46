// THE CONTRACT between the server and its plugins.
//
// A plugin turns its directives into plain data (`parse`, pure). The main thread gets background work from that data,
// each worker a handler. What a plugin keeps from the cluster or the world is made by its background work on the main
// thread and fed to the workers; handlers answer from what they were fed, without waiting where they can.
import type { MessagePort } from 'node:worker_threads'
import type { ClientAuth } from './client-auth.ts'
import type { Directive, Key, ServerBlock } from './corefile/directive.ts'
import type { Name } from './dns/name.ts'
import type { Query } from './dns/query.ts'
import type { Reply } from './dns/reply.ts'
import type { Rdata, Rrset } from './dns/rrset.ts'
import type { Log } from './log.ts'
import type { Maybe } from './maybe.ts'

/** The rest of the chain. At its end: SERVFAIL. */
export type Next = (query: Query) => Maybe<Reply>
/**
 * Answers, or asks `next` and may change what comes back. What it throws is logged by `errors`; the client gets SERVFAIL,
 * or the reply of a Failure.
 */
export type Handler = (query: Query, next: Next) => Maybe<Reply>

/** What a handler throws where it couldn't do its work for reasons outside of this program, and knows what to tell the client. */
export class Failure extends Error {
  override name = 'Failure'
  readonly reply: Reply

  constructor(message: string, reply: Reply, options?: ErrorOptions) {
    super(message, options)
    this.reply = reply
  }
}

export interface Plugin<Config = unknown> {
  /** The directive, and the stem of source, test and page. */
  readonly name: string
  /**
   * Does it answer questions of other classes than IN, or pass them on? Where no plugin of a listener's blocks does, they
   * are refused.
   */
  readonly otherClasses?: boolean
  /**
   * Reads every occurrence of the directive in one server block, in file order, at least one. Pure: no clock, network
   * or state; files only where the directive names one that must be read to understand it. The result survives
   * structuredClone. Throws CorefileError.
   */
  parse(directives: readonly Directive[], block: ServerBlock): Config
  /** Changes how the block's keys are listened on. */
  listen?(config: Config, listen: Listen): Listen
  /**
   * Makes the server block one of several that may have the same keys: the name by which it is known then. Of those blocks
   * the first in the file takes a question whose filter passes it; questions that none takes are for shorter zones.
   */
  view?(config: Config): string
  /** Goes with `view`: is the question for this block? Asked once for each question that its keys fit. */
  filter?(config: Config, context: WorkerContext): (query: Query) => boolean
  /** Work beside the queries, on the main thread, once per server block and configuration. */
  background?(config: Config, context: MainContext): Maybe<Background>
  /** Once per server block in every worker. A plugin without one is not part of the chain. */
  handler?(config: Config, context: WorkerContext): Handler
  /** What other plugins of the block may use. */
  offers?(config: Config, context: WorkerContext): Facets
}

/** How the keys of a server block are listened on. */
export interface Listen {
  /** Addresses of this host as text; none means all of them. */
  readonly addresses: readonly string[]
  /** How many workers are to listen; the most that any block asks for are started. Left out: the server decides. */
  readonly workers?: number
  /** What clients may have of a TCP connection. */
  readonly tcp?: TcpAllowance
  /** For keys of `tls://` and `https://`; without it nothing is encrypted there. */
  readonly tls?: TlsListen
  /** For keys of `https://`. */
  readonly https?: HttpsAllowance
}

/** How a listener shows who it is, and what it wants of its clients. The texts are PEM; they are read again when the files change. */
export interface TlsListen {
  /** Certificate, key and, for client certificates, authorities. */
  readonly files: readonly string[]
  readonly cert: string
  readonly key: string
  /** Without it those this host trusts. */
  readonly ca?: string
  readonly clientAuth: ClientAuth
  /** Where keys of connections are written to, so that others can read them. */
  readonly keyLog?: string
}

/** What all clients together may have of an HTTPS listener. */
export interface HttpsAllowance {
  /** Open connections; 0 is no limit. */
  readonly connections?: number
}

/** What a client may have of a TCP connection; what is left out is the server's to decide. Times in ms. */
export interface TcpAllowance {
  /** From the first octet of a query to its last. */
  readonly frame?: number
  /** To take what was written for it. */
  readonly write?: number
  /** Without any traffic. */
  readonly idle?: number
  /** Queries, until the connection is closed. */
  readonly queries?: number
}

/** What `background` leaves running until its context's signal is aborted. */
export interface Background {
  /** What is not there yet, in words for an operator; empty once the plugin can do its work. `ready` asks for it. */
  pending?(): readonly string[]
  /** What the plugin's handlers need to be told, now and later. */
  readonly feed?: Feed
}

/**
 * A stream of messages from the main thread to each worker. Feeds of equal key are one and the same, over server blocks
 * and over reloads: a worker that already has it keeps what it has.
 */
export interface Feed {
  readonly key: string
  /**
   * Called once for every worker that needs the feed: posts what is, then what changes, until the port closes. Where the
   * worker had better not answer before it has taken in what is, the promise of that.
   */
  open(port: MessagePort): Maybe<void>
}

interface Context {
  /** The block's keys, the first being the one that names it. */
  readonly keys: readonly Key[]
  readonly log: Log
}

export interface MainContext extends Context {
  /** Aborted when the configuration is replaced or the server stops. */
  readonly signal: AbortSignal
  /**
   * Something that outlives a reload: the first caller with a key makes it, later ones get the same, and its signal is
   * aborted when the last configuration that asked for it is gone.
   */
  share<T>(key: string, make: (signal: AbortSignal) => T): T
  readonly server: ServerState
}

/** What plugins may know of the whole server, all server blocks together. */
export interface ServerState {
  /** SHA-512, in hexadecimal, of the configuration this state belongs to, as it was read. */
  readonly digest: string
  /**
   * Reads the configuration again and puts it into force where it is another than the one read last; resolves to whether
   * it did. Rejects, once for each that can't be used, and the one in force stays.
   */
  reloadChanged(): Promise<boolean>
  /** For every plugin with something pending: its name and what is missing. */
  pending(): ReadonlyMap<string, readonly string[]>
  /** Asks each worker for a sign of life; resolves to what is wrong, in words, or to undefined. Takes at most a second. */
  ailing(): Promise<string | undefined>
  /** True from the moment the server was told to stop. */
  stopping(): boolean
  /** Called when the server is told to stop, before anything else ends; it is waited for. Replaces nothing, adds up. */
  onStop(hook: () => Maybe<void>, signal: AbortSignal): void
}

export interface WorkerContext extends Context {
  /** The addresses the block's sockets are bound to, loopback included; wildcards resolved. */
  readonly localAddresses: readonly string[]
  /** How many workers share the load, this one included: limits of the whole server are divided by it. */
  readonly workers: number
  /**
   * Aborted when the configuration is replaced or the worker stops: what the handler keeps open ends once it has answered
   * the questions it was asked.
   */
  readonly signal: AbortSignal
  /**
   * What became of this plugin's feed in this worker: `build` is called where the worker doesn't have it yet, and its
   * result is kept for as long as any configuration uses the feed. Throws where the background work offers no feed.
   */
  feed<T>(build: (port: MessagePort) => T): T
  /** Puts a question to the whole server again, from the choice of the server block on, as the client of `query`. */
  ask(query: Query): Maybe<Reply>
  /** What the block's plugins offer, by plugin name, in chain order; complete when the handlers are made. */
  readonly offers: ReadonlyMap<string, Facets>
}

/** What a plugin can do for others of its block; each part is optional and found by name. */
export interface Facets {
  /** The zones it can hand over whole: all records of one, the SOA first and last (RFC 5936 2.2); undefined for a zone it doesn't have. */
  transfer?(zone: Name): Iterable<Rrset> | undefined
  /** The search path of the client's resolver, the empty search last; undefined where the client is unknown. */
  searchPath?(query: Query): readonly Name[] | undefined
  /**
   * As `searchPath`, of whatever client, where the question itself ends with a domain that only the first of a search list
   * can be. Domains in which the name had better not be asked for are left out.
   */
  searchPathInQuestion?(query: Query): readonly Name[] | undefined
  /** How a cluster's services are reached from outside of it, for the plugin that gives them names there. */
  readonly outside?: Outside
  /** Facts about a query for logs and policies: `kubernetes/service` to `kube-dns`; undefined for a key it doesn't know. */
  metadata?(query: Query, key: string): string | undefined
}

/** What clients outside of a cluster can have of it. Names are lower-case. */
export interface Outside {
  /** Is everything known that decides what there is? */
  isWhole(): boolean
  /** Unix seconds of the last change. */
  serial(): number
  /** Is there such a namespace, and is it to be seen? */
  hasNamespace(name: string): boolean
  service(namespace: string, name: string): OutsideService | undefined
  /** Every service, by namespace and name. */
  services(): Iterable<OutsideService>
  /** The services that are reached at this address. */
  servicesAt(address: string): readonly OutsideService[]
  /** The addresses at which we ourselves are: of the services that lead here, `headless` ones with their endpoints or not. */
  ownAddresses(options: { readonly headless: boolean }): readonly string[]
  /** The reply; where what is known may be old by now, one that says so. */
  mark(reply: Reply): Reply
}

export interface OutsideService {
  readonly namespace: string
  readonly name: string
  readonly isHeadless: boolean
  /** Those that it has outside, as text in canonical form. */
  readonly addresses: readonly string[]
  /** The same, under the label ''. */
  readonly entries: readonly OutsideEntry[]
  /** Where it goes by another name instead of by an address. */
  readonly hostnames: readonly Name[]
  readonly ports: readonly OutsidePort[]
  /** The endpoints that are answered with. */
  endpoints(): readonly OutsideEntry[]
}

export interface OutsideEntry {
  /** Of the endpoint. */
  readonly label: string
  /** A or AAAA. */
  readonly type: number
  readonly rdata: Rdata
  readonly ports: readonly OutsidePort[]
}

export interface OutsidePort {
  /** '' where it has none. */
  readonly name: string
  readonly port: number
  /** Lower-cased. */
  readonly protocol: string
}
