// Changes objects of an API server at random, and says what it then has, as a client of no cleverness would see it.
import assert from 'node:assert/strict'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { clusterOf } from '../../src/cluster/cluster-of.ts'
import type { Access } from '../../src/cluster/credentials.ts'
import { clusterKinds, kinds } from '../../src/cluster/kinds.ts'
import type { Store } from '../../src/cluster/store.ts'

export interface ApiReply {
  readonly status: number
  readonly body: string
}

export function callApi(access: Access, method: string, path: string, object?: unknown): Promise<ApiReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ApiReply>()
  const { url, tls, headers } = access
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const options = { ...tls, method, path, headers: { ...headers, 'content-type': 'application/json' }, agent: false }
  const request = send(url, options, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
    response.on('error', reject)
  })
  request.on('error', reject)
  request.end(object === undefined ? undefined : JSON.stringify(object))
  return promise
}

/** The server's state as DNS needs it, from one list of each kind. */
export async function listCluster(access: Access): Promise<Store> {
  const objects: unknown[] = []
  for (const kind of clusterKinds) {
    const { group, singular } = kinds[kind]
    const { status, body } = await callApi(access, 'GET', `${group}/${kind}`)
    assert.equal(status, 200, body)
    for (const item of JSON.parse(body).items ?? []) objects.push({ ...item, kind: singular })
  }
  return clusterOf(objects)
}

/** What the first has otherwise than the second, in words; undefined where they are alike. */
export function difference(expected: Store, actual: Store): string | undefined {
  const problems: string[] = []
  const compare = (what: string, a: unknown, b: unknown): void => {
    if (JSON.stringify(a) !== JSON.stringify(b)) problems.push(`${what}: ${JSON.stringify(a)} is ${JSON.stringify(b)}`)
  }
  for (const kind of clusterKinds) compare(`number of ${kind}`, expected.count(kind), actual.count(kind))
  for (const service of expected.services()) {
    const { namespace, name } = service
    compare('namespace', expected.namespace(namespace), actual.namespace(namespace))
    compare('service', service, actual.service(namespace, name))
    for (const address of service.clusterIPs) {
      compare('service at', expected.serviceAt(address), actual.serviceAt(address))
    }
  }
  for (const service of serviceNames(expected)) {
    const [namespace = '', name = ''] = service.split('/')
    const slices = expected.slices(namespace, name)
    compare(`slices of ${service}`, slices, actual.slices(namespace, name))
    for (const address of slices.flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses))) {
      compare(`endpoints at ${address}`, expected.endpointsAt(address), actual.endpointsAt(address))
      compare(`pods at ${address}`, expected.podsAt(address), actual.podsAt(address))
    }
  }
  return problems.length === 0 ? undefined : problems.slice(0, 5).join('\n')
}

function serviceNames(cluster: Store): Set<string> {
  const names = new Set([...cluster.services()].map(({ namespace, name }) => `${namespace}/${name}`))
  for (let i = 0; i < churnNames; i++) names.add(`${churnNamespace}/s${i}`)
  return names
}

export const churnNamespace = 'churn'
const churnNames = 12

/** A number from 0 to 1 each time, always the same ones from one seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296
  }
}

/** Creates, replaces and deletes the objects of one namespace. What the server refuses is left as it was. */
export class Churn {
  /** Writes the server has taken. */
  taken = 0
  access: Access
  readonly #random: () => number

  constructor(access: Access, seed: number) {
    this.access = access
    this.#random = randomFrom(seed)
  }

  async begin(): Promise<void> {
    const metadata = { name: churnNamespace }
    await callApi(this.access, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata })
  }

  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#step()
  }

  async #step(): Promise<void> {
    const index = this.#below(churnNames)
    const choice = this.#below(10)
    if (choice < 4) await this.#write('/api/v1', 'services', `s${index}`, this.#service(`s${index}`))
    else if (choice < 9)
      await this.#write('/apis/discovery.k8s.io/v1', 'endpointslices', `e${index}`, this.#slice(index))
    else await this.#writePod(`p${index}`)
  }

  async #write(group: string, kind: string, name: string, object: object): Promise<void> {
    const path = `${group}/namespaces/${churnNamespace}/${kind}`
    if (this.#below(4) === 0) await this.#call('DELETE', `${path}/${name}`)
    else if (!(await this.#call('POST', path, object))) await this.#call('PUT', `${path}/${name}`, object)
  }

  async #writePod(name: string): Promise<void> {
    const metadata = { namespace: churnNamespace, name, labels: { app: `a${this.#below(3)}` } }
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } }
    await this.#write('/api/v1', 'pods', name, pod)
    const status = { phase: this.#below(4) === 0 ? 'Succeeded' : 'Running', podIP: this.#address() }
    const path = `/api/v1/namespaces/${churnNamespace}/pods/${name}/status`
    await this.#call('PUT', path, { ...pod, status: { ...status, podIPs: [{ ip: status.podIP }] } })
  }

  /** True where the server took it. */
  async #call(method: string, path: string, object?: object): Promise<boolean> {
    const { status } = await callApi(this.access, method, path, object)
    if (status < 300) this.taken++
    return status < 300
  }

  #service(name: string): object {
    const spec = [
      { ports: [{ name: 'http', port: 80 + this.#below(5) }] },
      { clusterIP: 'None', ports: [{ name: 'http', port: 80 + this.#below(5) }] },
      { type: 'ExternalName', externalName: `x${this.#below(5)}.example.com` },
    ][this.#below(3)]
    return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: churnNamespace, name }, spec }
  }

  #slice(index: number): object {
    const labels = { 'kubernetes.io/service-name': `s${this.#below(churnNames)}` }
    const endpoints = []
    for (let i = this.#below(5); i > 0; i--) {
      endpoints.push({ addresses: [this.#address()], conditions: { ready: this.#below(3) > 0 }, hostname: `h${i}` })
    }
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace: churnNamespace, name: `e${index}`, labels },
      addressType: 'IPv4',
      endpoints,
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    }
  }

  #address(): string {
    return `10.200.0.${1 + this.#below(30)}`
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}
