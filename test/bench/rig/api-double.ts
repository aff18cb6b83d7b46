// A process that serves a big cluster like an API server, as fast as it goes: objects are made of ready text while they
// are sent, each with its managedFields. It knows lists, watches, streaming lists and 410, and no more. Its parent
// tells it what to do; it asks the DNS server itself when a change it sent is answered, so that one clock measures both.

import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { createAuthority } from '../../../src/sandbox/certificate.ts'
import { DnsProbe } from './dns-probe.ts'
import { clock, type Span } from './pauses.ts'

export interface DoubleSize {
  readonly services: number
  /** Of each service. */
  readonly endpoints: number
  readonly pods: number
}

/** What the parent may ask for; each is answered with a message of its own. */
export type DoubleCall =
  | { readonly call: 'expire' }
  | { readonly call: 'restart'; readonly milliseconds: number }
  | { readonly call: 'lists' }
  | { readonly call: 'events'; readonly port: number; readonly perSecond: number; readonly count: number }
  | { readonly call: 'burst'; readonly port: number; readonly count: number }

const namespaces = 50
const isHeadless = (service: number): boolean => service % 10 === 9
export const serviceName = (service: number): string => `svc-${service}.ns-${service % namespaces}.svc.cluster.local`
const octets = (first: number, value: number): string =>
  `${first}.${(value >> 16) & 255}.${(value >> 8) & 255}.${value & 255}`
/** The address that the nth form of a service has, its cluster IP or its first endpoint's. */
const addressOf = (service: number, form: number): string =>
  isHeadless(service) ? octets(11 + form, service) : octets(100 + form, service)
/** The address of a service whose form nobody has changed. */
export const firstAddress = (service: number): string => addressOf(service, 0)

type Plural = 'namespaces' | 'services' | 'endpointslices' | 'pods'

/** What managers have written, as long as in real objects. */
function managedFields(octetsAtLeast: number): string {
  const fields: string[] = []
  for (let i = 0; fields.join().length < octetsAtLeast; i++) {
    const inner = ['f:metadata', 'f:labels', 'f:annotations', 'f:spec', 'f:status', 'f:ports', 'f:conditions']
      .map(
        (name) => `"${name}":{".":{},"f:field-${i}":{},"k:{\\"port\\":${80 + i},\\"protocol\\":\\"TCP\\"}":{".":{}}}`,
      )
      .join()
    fields.push(
      `{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","time":"2026-01-02T03:04:${10 + (i % 50)}Z","fieldsType":"FieldsV1","fieldsV1":{${inner}}}`,
    )
  }
  return `"managedFields":[${fields.join()}]`
}

/** Octets that make a whole object as long as a real one: 3 KB, and 6 KB of a pod. */
const filling = {
  namespaces: managedFields(400),
  services: managedFields(2100),
  endpointslices: managedFields(1500),
  pods: managedFields(2500),
}
const podSpec = JSON.stringify(
  Array.from({ length: 2 }, (_, i) => ({
    name: `container-${i}`,
    image: `registry.example.com/team/service-${i}:v1.2.3`,
    env: Array.from({ length: 8 }, (_, n) => ({ name: `VARIABLE_${n}`, value: `some value of variable ${n}` })),
    resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [
      { mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', name: 'kube-api-access', readOnly: true },
    ],
    livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 },
  })),
)

class Double {
  readonly #size: DoubleSize
  /** Of the whole cluster; an object's own is what it was when it changed. */
  #version = 1000
  /** Watches from before this are told that it has expired. */
  #oldest = 0
  readonly #forms: Uint8Array
  readonly #versions: Uint32Array
  readonly #gone = new Set<number>()
  readonly #watches = new Map<ServerResponse, Plural>()
  readonly #sockets = new Set<Socket>()
  #refusing = false
  /** Lists that were sent to the end, but for those that only count. */
  lists = 0

  constructor(size: DoubleSize) {
    this.#size = size
    this.#forms = new Uint8Array(size.services)
    this.#versions = new Uint32Array(size.services).fill(this.#version)
  }

  connected(socket: Socket): void {
    if (this.#refusing) socket.destroy()
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
  }

  async serve(url: URL, response: ServerResponse): Promise<void> {
    const plural = url.pathname.slice(url.pathname.lastIndexOf('/') + 1) as Plural
    const query = url.searchParams
    if (!(plural in filling)) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    if (query.get('watch') !== null) await this.#watch(plural, query, response)
    else await this.#list(plural, query, response)
  }

  async #list(plural: Plural, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const from = Number(query.get('continue') ?? 0)
    const total = this.#count(plural)
    const end = query.has('limit') ? Math.min(total, from + Number(query.get('limit'))) : total
    // Behind selectors real servers don't count.
    const counted = query.has('fieldSelector') ? '' : `,"remainingItemCount":${total - end}`
    const more = end < total ? `,"continue":"${end}"${counted}` : ''
    const [group, kind] = typeOf(plural)
    const head = `{"kind":"${kind}List","apiVersion":"${group}","metadata":{"resourceVersion":"${this.#version}"${more}},"items":[`
    const numbers = this.#numbers(plural)
    await write(response, head)
    for (let i = from; i < end; i++) {
      const text = this.#text(plural, numbers(i))
      await this.#gather(response, i + 1 === end ? text : `${text},`)
    }
    await this.#flush(response)
    response.end(']}\n')
    if (query.get('limit') !== '1') this.lists++
  }

  async #watch(plural: Plural, query: URLSearchParams, response: ServerResponse): Promise<void> {
    response.flushHeaders()
    response.on('close', () => this.#watches.delete(response))
    const from = Number(query.get('resourceVersion') ?? 0)
    if (query.get('sendInitialEvents') === 'true') {
      // Nothing changes meanwhile: the benchmark waits for lists before it goes on.
      const numbers = this.#numbers(plural)
      for (let i = 0; i < this.#count(plural); i++) {
        await this.#gather(response, `{"type":"ADDED","object":${this.#text(plural, numbers(i))}}\n`)
      }
      await this.#flush(response)
      const annotations = '"annotations":{"k8s.io/initial-events-end":"true"}'
      response.write(bookmark(plural, this.#version, annotations))
      this.lists++
    } else if (from < this.#oldest) {
      response.end(expired)
      return
    }
    this.#watches.set(response, plural)
  }

  #pending = new WeakMap<ServerResponse, string[]>()
  #lengths = new WeakMap<ServerResponse, number>()

  async #gather(response: ServerResponse, text: string): Promise<void> {
    const texts = this.#pending.get(response) ?? []
    this.#pending.set(response, texts)
    texts.push(text)
    const length = (this.#lengths.get(response) ?? 0) + text.length
    this.#lengths.set(response, length)
    if (length > 65_536) await this.#flush(response)
  }

  async #flush(response: ServerResponse): Promise<void> {
    const texts = this.#pending.get(response) ?? []
    this.#pending.delete(response)
    this.#lengths.delete(response)
    await write(response, texts.join(''))
  }

  #count(plural: Plural): number {
    if (plural === 'namespaces') return namespaces
    if (plural === 'pods') return this.#size.pods
    return this.#size.services - this.#gone.size
  }

  /** From places in a list to the numbers of objects. */
  #numbers(plural: Plural): (place: number) => number {
    if (plural === 'pods' || plural === 'namespaces' || this.#gone.size === 0) return (place) => place
    const there: number[] = []
    for (let i = 0; i < this.#size.services; i++) if (!this.#gone.has(i)) there.push(i)
    return (place) => there[place] ?? 0
  }

  #text(plural: Plural, number: number): string {
    const namespace = `ns-${number % namespaces}`
    const uid = `"uid":"00000000-0000-4000-8000-${String(number).padStart(12, '0')}","creationTimestamp":"2026-01-02T03:04:05Z"`
    const common = (name: string, version: number, more: string): string =>
      `"metadata":{"name":"${name}",${plural === 'namespaces' ? '' : `"namespace":"${namespace}",`}${uid},"resourceVersion":"${version}",${more}${filling[plural]}}`
    switch (plural) {
      case 'namespaces':
        return `{"kind":"Namespace","apiVersion":"v1",${common(namespace, 1, '')},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}`
      case 'services': {
        const version = this.#versions[number] as number
        const address = isHeadless(number) ? 'None' : addressOf(number, this.#forms[number] as number)
        const spec = `"clusterIP":"${address}","clusterIPs":["${address}"],"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":8080},{"name":"metrics","protocol":"TCP","port":9090,"targetPort":9090}],"selector":{"app":"app-${number}"},"type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"`
        const labels = `"labels":{"app":"app-${number}","app.kubernetes.io/managed-by":"Helm","team":"team-${number % 7}"},`
        return `{"kind":"Service","apiVersion":"v1",${common(`svc-${number}`, version, labels)},"spec":{${spec}},"status":{"loadBalancer":{}}}`
      }
      case 'endpointslices': {
        const version = this.#versions[number] as number
        const labels = `"labels":{"kubernetes.io/service-name":"svc-${number}","app":"app-${number}","endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io"},"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-01-02T03:04:05Z"},"ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"svc-${number}","uid":"00000000-0000-4000-8000-000000000000","controller":true,"blockOwnerDeletion":true}],`
        const endpoints: string[] = []
        for (let n = 0; n < this.#size.endpoints; n++) {
          const first = n === 0 && isHeadless(number)
          const address = first
            ? addressOf(number, this.#forms[number] as number)
            : octets(172, 0x100000 + number * this.#size.endpoints + n)
          const hostname = isHeadless(number) ? `"hostname":"pod-${n}",` : ''
          endpoints.push(
            `{"addresses":["${address}"],"conditions":{"ready":true,"serving":true,"terminating":false},${hostname}"nodeName":"node-${n}","targetRef":{"kind":"Pod","namespace":"${namespace}","name":"pod-${number}-${n}","uid":"00000000-0000-4000-8000-000000000000"},"zone":"zone-${n % 3}"}`,
          )
        }
        return `{"kind":"EndpointSlice","apiVersion":"discovery.k8s.io/v1",${common(`svc-${number}-abcde`, version, labels)},"addressType":"IPv4","endpoints":[${endpoints.join()}],"ports":[{"name":"http","protocol":"TCP","port":8080},{"name":"metrics","protocol":"TCP","port":9090}]}`
      }
      case 'pods': {
        const address = octets(172, 0x100000 + number)
        const labels = `"labels":{"app":"app-${number % 1000}","pod-template-hash":"5d4f8c7b9","team":"team-${number % 7}"},`
        return `{"kind":"Pod","apiVersion":"v1",${common(`pod-${number}`, 1000, labels)},"spec":{"containers":${podSpec},"nodeName":"node-${number % 100}","serviceAccountName":"default","restartPolicy":"Always"},"status":{"phase":"Running","hostIP":"10.0.0.1","podIP":"${address}","podIPs":[{"ip":"${address}"}],"qosClass":"Burstable","conditions":[{"type":"Ready","status":"True"}]}}`
      }
    }
  }

  /** Gives a service its next form, tells the watches, and returns the address it now has. */
  change(service: number): string {
    const form = ((this.#forms[service] as number) + 1) % 80
    this.#forms[service] = form
    this.#versions[service] = ++this.#version
    this.#tell(isHeadless(service) ? 'endpointslices' : 'services', service, 'MODIFIED')
    return addressOf(service, form)
  }

  #tell(plural: Plural, number: number, type: string): void {
    const line = `{"type":"${type}","object":${this.#text(plural, number)}}\n`
    for (const [response, watched] of this.#watches) if (watched === plural) response.write(line)
  }

  /** Changes happen that nobody is told of, and history is forgotten: everybody lists again. */
  expire(): void {
    this.#forget()
    for (const response of this.#watches.keys()) response.end(expired)
    this.#watches.clear()
  }

  /** One in 200 changes, one in 250 goes or comes back. */
  #forget(): void {
    this.#version++
    for (let i = 0; i < this.#size.services; i += 200) {
      this.#forms[i] = ((this.#forms[i] as number) + 1) % 80
      this.#versions[i] = this.#version
    }
    if (this.#gone.size > 0) this.#gone.clear()
    else for (let i = 3; i < this.#size.services; i += 250) this.#gone.add(i)
    this.#oldest = this.#version
  }

  async restart(milliseconds: number): Promise<void> {
    this.#refusing = true
    for (const socket of this.#sockets) socket.destroy()
    this.#forget()
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    this.#refusing = false
  }
}

const expired =
  '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}}\n'

function typeOf(plural: Plural): readonly [group: string, kind: string] {
  if (plural === 'endpointslices') return ['discovery.k8s.io/v1', 'EndpointSlice']
  return ['v1', { namespaces: 'Namespace', services: 'Service', pods: 'Pod' }[plural]]
}

function bookmark(plural: Plural, version: number, more: string): string {
  const [group, kind] = typeOf(plural)
  return `{"type":"BOOKMARK","object":{"kind":"${kind}","apiVersion":"${group}","metadata":{"resourceVersion":"${version}","creationTimestamp":null,${more}}}}\n`
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text, 'latin1')) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

/** When each event was sent and when the first answer came that knows of it; so many events a second. */
async function measureEvents(
  double: Double,
  { services }: DoubleSize,
  { port, perSecond, count }: { readonly port: number; readonly perSecond: number; readonly count: number },
): Promise<Span[]> {
  const probe = new DnsProbe(port)
  const times: Span[] = []
  const under: Promise<void>[] = []
  const start = performance.now()
  for (let i = 0; i < count; i++) {
    const due = start + (i * 1000) / perSecond
    while (performance.now() < due)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    const service = (i * 37) % services
    const sent = clock()
    const address = double.change(service)
    under.push(probe.until(serviceName(service), address, 10_000).then(() => void times.push([sent, clock()])))
  }
  await Promise.all(under)
  probe.close()
  return times
}

/** Milliseconds from the first of so many events, sent at once, until the answers know of each; and until all were sent. */
async function measureBurst(
  double: Double,
  { services }: DoubleSize,
  { port, count }: { readonly port: number; readonly count: number },
): Promise<{ readonly sent: number; readonly seen: number[] }> {
  const probe = new DnsProbe(port)
  const start = performance.now()
  const changes: (readonly [service: number, address: string])[] = []
  for (let service = 0; service < Math.min(count, services); service++) changes.push([service, double.change(service)])
  const sent = performance.now() - start
  const seen: number[] = []
  const left = changes[Symbol.iterator]()
  const asker = async (): Promise<void> => {
    for (const [service, address] of left) {
      await probe.until(serviceName(service), address, 30_000)
      seen.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: 8 }, asker))
  probe.close()
  return { sent, seen }
}

if (import.meta.main) {
  const size = JSON.parse(process.argv[2] ?? '') as DoubleSize
  const double = new Double(size)
  const authority = createAuthority()
  const own = authority.issueServer(['127.0.0.1', 'localhost'])
  const client = authority.issueClient({ commonName: 'bench' })
  const server = createServer({ key: own.key, cert: own.certificate }, (request, response) => {
    double.serve(new URL(request.url ?? '', 'https://x'), response).catch((error) => {
      process.stderr.write(`api double: ${error}\n`)
      response.destroy()
    })
  })
  server.on('connection', (socket) => double.connected(socket))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    process.send?.({ port, ca: authority.certificate, certificate: client.certificate, key: client.key })
  })
  const carryOut = async (call: DoubleCall): Promise<unknown> => {
    switch (call.call) {
      case 'expire':
        return double.expire()
      case 'restart':
        return await double.restart(call.milliseconds)
      case 'lists':
        return double.lists
      case 'events':
        return await measureEvents(double, size, call)
      case 'burst':
        return await measureBurst(double, size, call)
    }
  }
  process.on('message', (call: DoubleCall) => {
    carryOut(call).then(
      (result) => process.send?.({ result }),
      (error) => process.send?.({ error: String(error) }),
    )
  })
  process.on('disconnect', () => process.exit())
}
