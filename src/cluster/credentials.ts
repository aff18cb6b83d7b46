// How the API server is reached and what we show it, read anew for every connection. Only importer of
// @kubernetes/client-node, which costs over a second and 80 MiB and so is loaded only for a kubeconfig.
import { readFile } from 'node:fs/promises'
import type { Agent } from 'node:http'
import type { RequestOptions } from 'node:https'
import { isIPv6 } from 'node:net'
import { dirname, isAbsolute, join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import type { KubeConfig } from '@kubernetes/client-node'
import { listOf, partOf, textOf } from './api-object.ts'

/** Where the API server is, as the options of `kubernetes` say it. */
export type Connection =
  | { readonly from: 'cluster' }
  | {
      readonly from: 'kubeconfig'
      readonly file: string
      /** '' for the current one. */
      readonly context: string
    }
  | {
      readonly from: 'endpoint'
      /** With or without a scheme. */
      readonly url: string
      /** Files; '' for one that isn't given. */
      readonly tls: { readonly cert: string; readonly key: string; readonly ca: string } | undefined
    }

/** What a request is made with. */
export interface Access {
  /** Of the server; its path goes before every path of the API. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'passphrase'> & {
    readonly servername?: string
    readonly rejectUnauthorized?: boolean
  }
  /** Where a proxy has to be gone through. */
  readonly agent: Agent | undefined
}

export interface Credentials {
  /** As files and plugins have it now. Rejects where something can't be read at the moment. */
  access(): Promise<Access>
  /** The server didn't take what we showed it (401): what is remembered of it is forgotten. */
  refused(): void
}

/** The connection can't work however often it is tried: a start error. */
export class ConnectionError extends Error {
  override name = 'ConnectionError'
}

/** What tells a process in a pod where the API server is. */
export interface PodSurroundings {
  readonly host: string | undefined
  readonly port: string | undefined
  /** With `token` and `ca.crt` in it. */
  readonly folder: string
}

const thisPod = (): PodSurroundings => ({
  host: process.env.KUBERNETES_SERVICE_HOST,
  port: process.env.KUBERNETES_SERVICE_PORT,
  folder: '/var/run/secrets/kubernetes.io/serviceaccount',
})

/** Throws ConnectionError, at once or as a rejection. */
export async function openCredentials(connection: Connection, pod: PodSurroundings = thisPod()): Promise<Credentials> {
  switch (connection.from) {
    case 'cluster':
      return inCluster(pod)
    case 'endpoint':
      return atEndpoint(connection.url, connection.tls)
    case 'kubeconfig': {
      const kubeconfig = new Kubeconfig(connection.file, connection.context)
      await kubeconfig.load()
      return kubeconfig
    }
  }
}

function inCluster({ host, port, folder }: PodSurroundings): Credentials {
  if (!host || !port) {
    throw new ConnectionError(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    )
  }
  const url = parseServer(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`)
  return {
    async access() {
      const [ca, token] = await Promise.all([readSecret(join(folder, 'ca.crt')), readSecret(join(folder, 'token'))])
      return { url, headers: { authorization: `Bearer ${token}` }, tls: { ca }, agent: undefined }
    },
    refused() {},
  }
}

function atEndpoint(text: string, files: { cert: string; key: string; ca: string } | undefined): Credentials {
  const secured = files !== undefined && (files.cert !== '' || files.key !== '' || files.ca !== '')
  const url = parseServer(/^[a-z]+:\/\//i.test(text) ? text : `${secured ? 'https' : 'http'}://${text}`)
  return {
    async access() {
      const tls: { ca?: string; cert?: string; key?: string } = {}
      for (const part of ['ca', 'cert', 'key'] as const) {
        const file = files?.[part] ?? ''
        if (file !== '') tls[part] = await readSecret(file)
      }
      return { url, headers: {}, tls, agent: undefined }
    },
    refused() {},
  }
}

/** A file of kubeconfig's form, read again whenever it has changed. */
class Kubeconfig implements Credentials {
  readonly #file: string
  readonly #context: string
  #text: string | undefined
  #loaded: { readonly url: URL; readonly config: KubeConfig; readonly tokenFile: string } | undefined

  #underWay: Promise<Access> | undefined

  constructor(file: string, context: string) {
    this.#file = file
    this.#context = context
  }

  /** Reflectors that ask at the same time share what comes, and one run of a plugin. */
  access(): Promise<Access> {
    this.#underWay ??= this.#ask().finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  async #ask(): Promise<Access> {
    const { url, config, tokenFile } = await this.load()
    const options: RequestOptions = {}
    await withDeadline(config.applyToHTTPSOptions(options), `credentials of ${this.#file}`)
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(options.headers ?? {}))
      headers[name.toLowerCase()] = String(value).trim()
    if (typeof options.auth === 'string')
      headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`
    if (tokenFile !== '') headers.authorization = `Bearer ${await readSecret(tokenFile)}`
    const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options
    return {
      url,
      headers,
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(passphrase === undefined ? {} : { passphrase }),
        ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
        ...(servername === undefined ? {} : { servername }),
      },
      agent: config.getCurrentCluster()?.proxyUrl ? (options.agent as Agent) : undefined,
    }
  }

  refused(): void {
    // The package keeps what an exec plugin gave it until it says it expires, or for ever.
    this.#loaded = undefined
  }

  async load(): Promise<{ readonly url: URL; readonly config: KubeConfig; readonly tokenFile: string }> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      throw new ConnectionError(`can't read kubeconfig ${this.#file}: ${messageOf(error)}`, { cause: error })
    }
    if (this.#loaded === undefined || text !== this.#text) {
      try {
        this.#loaded = await loadKubeconfig(text, this.#file, this.#context)
      } catch (error) {
        throw new ConnectionError(`can't use kubeconfig ${this.#file}: ${messageOf(error)}`, { cause: error })
      }
      this.#text = text
    }
    return this.#loaded
  }
}

async function loadKubeconfig(text: string, file: string, contextName: string) {
  const { KubeConfig, loadYaml } = await import('@kubernetes/client-node')
  const folder = dirname(file)
  const read = new KubeConfig()
  read.loadFromString(text)
  read.makePathsAbsolute(folder)
  const name = contextName === '' ? textOf(read.getCurrentContext()) : contextName
  if (name === '') throw new Error('it has no current context')
  const context = read.getContextObject(name)
  if (context === null) throw new Error(`context ${JSON.stringify(name)} does not exist`)
  const cluster = read.getCluster(context.cluster)
  if (cluster === null) throw new Error(`cluster ${JSON.stringify(context.cluster)} does not exist`)
  const user = context.user ? read.getUser(context.user) : { name: '' }
  if (user === null) throw new Error(`user ${JSON.stringify(context.user)} does not exist`)
  const url = parseServer(cluster.server)
  const tokenFile = tokenFileOf(loadYaml<unknown>(text), user.name)
  const config = new KubeConfig()
  config.loadFromOptions({
    // The package refuses plain HTTP unless it is told not to verify what isn't there.
    clusters: [url.protocol === 'http:' ? { ...cluster, skipTLSVerify: true } : cluster],
    users: [{ ...user, exec: completeExec(user.exec, folder) }],
    contexts: [{ ...context, name, user: user.name }],
    currentContext: name,
  })
  return { url, config, tokenFile: tokenFile === '' || isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile) }
}

/** What the package overlooks: client-go's `tokenFile`, which goes before `token`. */
function tokenFileOf(kubeconfig: unknown, userName: string): string {
  const entry = listOf(partOf(kubeconfig).users).find((user) => partOf(user).name === userName)
  return textOf(partOf(partOf(entry).user).tokenFile)
}

/** What the package leaves out: a command relative to the kubeconfig, and the variable that plugins expect. */
function completeExec(exec: unknown, folder: string): unknown {
  if (typeof exec !== 'object' || exec === null) return undefined
  const { apiVersion, command, env } = partOf(exec)
  const path = textOf(command)
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } }
  return {
    ...exec,
    command: path.includes('/') && !isAbsolute(path) ? join(folder, path) : path,
    env: [...listOf(env), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  }
}

function parseServer(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch (error) {
    throw new ConnectionError(`${JSON.stringify(text)} is no URL of an API server`, { cause: error })
  }
  if (url.protocol === 'https:' || url.protocol === 'http:') return url
  throw new ConnectionError(`an API server is reached by http or https, not by ${url.protocol.slice(0, -1)}`)
}

/** The text of a small file without the space around it, which would spoil a header. */
async function readSecret(file: string): Promise<string> {
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (error) {
    throw new Error(`can't read ${file}: ${messageOf(error)}`, { cause: error })
  }
  if (text === '') throw new Error(`${file} is empty`)
  return text
}

/** How long a plugin may take to come up with credentials. */
const deadlineMs = 60_000

async function withDeadline(work: Promise<void>, what: string): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what} took more than ${deadlineMs / 1000} s`)), deadlineMs)
  timer.unref()
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
