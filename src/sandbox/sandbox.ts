// A pocket control plane: a Kubernetes API over plain objects in memory, with the controllers that names depend on.
import { writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Log, logTo } from '../log.ts'
import { Access, admin, type User } from './access.ts'
import { contains, parseCidrs } from './address-pool.ts'
import { bootstrap, defaultDnsAddress, inOrder } from './bootstrap.ts'
import { createAuthority } from './certificate.ts'
import { makeControllers } from './controllers/controllers.ts'
import { ControllerRunner } from './controllers/runner.ts'
import { makeStrategies } from './kinds/strategies.ts'
import { type Kind, kindNamed, kindOf } from './kinds.ts'
import { printKubeconfig } from './kubeconfig.ts'
import { parseManifests, readManifests } from './manifests.ts'
import { type KubeObject, sortedJson, withMetadata } from './object.ts'
import { mergePatch } from './patch/merge-patch.ts'
import { Registry } from './registry.ts'
import { asObject, refuseUnknown } from './schema/as-object.ts'
import { createPlainServer, createTlsServer } from './server.ts'
import { writeServiceAccount } from './service-account.ts'
import { ApiError } from './status.ts'
import { byKey, Store } from './store.ts'
import { Trouble } from './trouble.ts'

export interface SandboxOptions {
  /** 0, the default: any free one. */
  readonly port?: number
  /** Of TLS; 0, the default: any free one. */
  readonly tlsPort?: number
  /** The address the API listens on; 127.0.0.1 by default. */
  readonly host?: string
  /** Ranges between commas. The first of each family gives pods their addresses. */
  readonly podCidr?: string
  /** Ranges between commas. The first of each family gives automatic cluster IPs; a service may ask for one of any. */
  readonly serviceCidr?: string
  /** The cluster IP of kube-system/kube-dns; by default the tenth of the first service range. */
  readonly dnsAddress?: string
  /** May names of services begin with a digit, as Kubernetes 1.36 lets them (KEP-5311)? */
  readonly relaxedServiceNames?: boolean
  /** What pods have in their search lists; `cluster.local` by default. */
  readonly clusterDomain?: string
  readonly nodes?: number
  /** Files or folders to apply at the start. */
  readonly manifests?: readonly string[]
  /** How many changes of each kind a watch can come back over. */
  readonly history?: number
  /** Milliseconds of each step in the life of a pod; 0 by default. */
  readonly pace?: number
  readonly log?: Log
  /** Closes the sandbox when aborted. */
  readonly signal?: AbortSignal
}

/** 10.254.0.0/16 and 10.43.0.0/16 are there for the walkthroughs, which come from clusters of several makes. */
const defaultServiceCidr = '10.96.0.0/12,10.254.0.0/16,10.43.0.0/16,fd00:10:96::/108'
const defaultPodCidr = '10.244.0.0/16,fd00:10:244::/56'

export interface Sandbox {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** `https://127.0.0.1:PORT` */
  readonly tlsUrl: string
  /** The certificate of the sandbox's own authority, PEM. */
  readonly ca: string
  /**
   * As it is now; tokens in it change when they are rotated. Contexts: `sandbox` (plain HTTP, the current one),
   * `sandbox-token`, `sandbox-cert`, `sandbox-anonymous` (401), `sandbox-readonly` and `sandbox-denied` (403).
   */
  readonly kubeconfig: string
  readonly access: Access
  readonly clusterDomain: string
  readonly dnsAddress: string
  readonly trouble: Trouble
  writeKubeconfig(path: string): void
  /**
   * Fills a folder as a pod finds its service account (`token`, `ca.crt`, `namespace`), and keeps it up to date when tokens
   * are rotated. Returns the environment that goes with it.
   */
  writeServiceAccount(
    folder: string,
    account?: { readonly namespace?: string; readonly name?: string },
  ): { readonly KUBERNETES_SERVICE_HOST: string; readonly KUBERNETES_SERVICE_PORT: string }
  /**
   * Creates objects, or lays them over those that are there (RFC 7386); a status in them counts too. Objects or the text
   * of manifests. Returns them as they are then. Throws ApiError and, for text that can't be read, Error.
   */
  apply(manifests: string | KubeObject | readonly KubeObject[]): KubeObject[]
  /** Kinds are named as in kubectl: `Pod`, `pods`, `po`. Undefined where there is none. */
  get<T extends KubeObject>(kind: string, namespace: string, name: string): T | undefined
  /** By namespace and name; all namespaces where none is given. */
  list<T extends KubeObject>(kind: string, namespace?: string): T[]
  /** Lays a merge patch (RFC 7386) over an object, its status included. Throws ApiError. */
  patch<T extends KubeObject>(kind: string, namespace: string, name: string, patch: object): T
  /** Deletes as a client would: pods take their time. Throws ApiError. */
  delete(kind: string, namespace: string, name: string, options?: { readonly gracePeriodSeconds?: number }): void
  /** Resolves once the controllers have nothing left to do or to wait for. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Resolves when the API is listening and the manifests are applied; their pods may still be on their way (`settled`). */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', clusterDomain = 'cluster.local', log = logTo(() => {}) } = options
  const serviceRanges = parseCidrs(options.serviceCidr ?? defaultServiceCidr)
  const podRanges = parseCidrs(options.podCidr ?? defaultPodCidr)
  const dnsAddress = options.dnsAddress ?? defaultDnsAddress(serviceRanges)
  // The range that DNS lives in is the one that gives automatic addresses.
  const home = serviceRanges.filter((range) => contains(range, dnsAddress))
  const ranges = [...home, ...serviceRanges.filter((range) => !home.includes(range))]

  const store = new Store(options.history ?? 10_000)
  const registry = new Registry(
    store,
    makeStrategies({ ranges, relaxedNames: options.relaxedServiceNames ?? false }, store),
  )
  const trouble = new Trouble(store)
  const runner = new ControllerRunner({
    controllers: makeControllers(store, podRanges),
    registry,
    pace: options.pace ?? 0,
    onError: (message, error) => {
      if (error instanceof ApiError) log.debug(`sandbox: ${message}: ${error.message}`)
      else log.error(`sandbox: ${message}: ${error instanceof Error ? error.stack : String(error)}`)
    },
  })
  const access = new Access()
  const authority = createAuthority()
  const context = { registry, trouble, access, log }
  const server = createPlainServer(context)
  const names = [...new Set(['localhost', '127.0.0.1', '::1', host, `kubernetes.default.svc.${clusterDomain}`])]
  const tlsServer = createTlsServer(context, authority.issueServer(names), authority.certificate)
  const port = await listen(server, options.port ?? 0, host)
  const tlsPort = await listen(tlsServer, options.tlsPort ?? 0, host).catch((error: unknown) => {
    server.close()
    throw error
  })
  const shownHost = host.includes(':') ? `[${host}]` : host
  const url = `http://${shownHost}:${port}`
  const tlsUrl = `https://${shownHost}:${tlsPort}`
  const clientCertificate = authority.issueClient({ commonName: admin.name, organizations: admin.groups })
  const kubeconfig = () =>
    printKubeconfig({ url, tlsUrl, ca: authority.certificate, tokens: access.named(), certificate: clientCertificate })

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      runner.close()
      trouble.end()
      const closed = [server, tlsServer].map((each) => new Promise<void>((resolve) => each.close(() => resolve())))
      for (const each of [server, tlsServer]) each.closeAllConnections()
      trouble.dropConnections()
      await Promise.all(closed)
    })()
    return closing
  }
  options.signal?.addEventListener('abort', () => void close(), { once: true })

  const sandbox: Sandbox = {
    url,
    tlsUrl,
    ca: authority.certificate,
    get kubeconfig() {
      return kubeconfig()
    },
    access,
    clusterDomain,
    dnsAddress,
    trouble,
    writeKubeconfig: (path) => writeFileSync(path, kubeconfig(), { mode: 0o600 }),
    writeServiceAccount(folder, { namespace = 'kube-system', name = 'default' } = {}) {
      const user = serviceAccountUser(namespace, name)
      const write = () =>
        writeServiceAccount(folder, { token: access.tokenFor(user), ca: authority.certificate, namespace })
      write()
      access.onRotate(write)
      return { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(tlsPort) }
    },
    apply(manifests) {
      const objects = typeof manifests === 'string' ? parseManifests(manifests, 'manifest') : [manifests].flat()
      return objects.map((object) => applyOne(registry, object as KubeObject))
    },
    get: (kind, namespace, name) => store.get(kindNamed(kind, store.kinds), namespace, name),
    list: <T extends KubeObject>(kind: string, namespace?: string) =>
      [...store.list<T>(kindNamed(kind, store.kinds), namespace)].sort(byKey),
    patch<T extends KubeObject>(kind: string, namespace: string, name: string, patch: object) {
      const found = kindNamed(kind, store.kinds)
      const merged = mergePatch(registry.get(found, namespace, name), patch) as T
      return write(registry, found, merged)
    },
    delete(kind, namespace, name, deleteOptions = {}) {
      registry.remove(kindNamed(kind, store.kinds), namespace, name, deleteOptions)
    },
    settled: () => runner.settled(),
    close,
  }
  try {
    bootstrap(registry, { serviceRanges: ranges, podRanges, dnsAddress, nodes: options.nodes ?? 3, apiPort: tlsPort })
    for (const object of inOrder((options.manifests ?? []).flatMap(readManifests)))
      sandbox.apply(asApplied(object, store.kinds))
  } catch (error) {
    await close()
    throw error
  }
  return sandbox
}

/** With the annotation that `kubectl apply` leaves, so that a later `kubectl apply` of the same file has nothing to warn of. */
function asApplied(object: KubeObject, kinds: readonly Kind[]): KubeObject {
  const last = 'kubectl.kubernetes.io/last-applied-configuration'
  const { annotations = {}, namespace = 'default' } = object.metadata
  const inside = kindOf(object, kinds)?.namespaced === true ? { namespace } : {}
  const written = { ...object, metadata: { ...object.metadata, ...inside, annotations } }
  return withMetadata(object, { annotations: { ...annotations, [last]: `${JSON.stringify(sortedJson(written))}\n` } })
}

function serviceAccountUser(namespace: string, name: string): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
  return { name: `system:serviceaccount:${namespace}:${name}`, groups }
}

/** Resolves to the port. */
function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

function applyOne(registry: Registry, object: KubeObject): KubeObject {
  const kind = kindOf(object, registry.store.kinds)
  if (kind === undefined) throw new Error(`the sandbox has no kind ${object.kind} in ${object.apiVersion}`)
  const namespace = kind.namespaced ? (object.metadata.namespace ?? 'default') : ''
  const { object: given, unknown } = asObject(kind, object, namespace)
  refuseUnknown(kind, unknown)
  const old = registry.store.get(kind, namespace, given.metadata.name)
  if (old !== undefined) return write(registry, kind, mergePatch(old, given) as KubeObject)
  const created = registry.create(kind, withMetadata(given, { resourceVersion: undefined }))
  return given.status === undefined ? created : write(registry, kind, { ...created, status: given.status })
}

/** Writes the object and its status, as two requests would. */
function write<T extends KubeObject>(registry: Registry, kind: Kind, object: T): T {
  const { resourceVersion: _, ...metadata } = object.metadata
  const current = registry.update(kind, { ...object, metadata })
  if (object.status === undefined || !kind.status) return current
  return registry.update(kind, { ...current, status: object.status }, { part: 'status' })
}
