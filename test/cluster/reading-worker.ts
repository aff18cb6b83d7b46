// A thread that reads a cluster as fast as it can while that changes, and checks that no object is made of parts of others.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { EndpointSlice } from '../../src/cluster/endpoint-slice.ts'
import { replica } from '../../src/cluster/replica.ts'
import type { Service } from '../../src/cluster/service.ts'

/** The names that there may be. */
export const nameCount = 200

/** All that is in it follows from its number and its version. */
export function nthService(n: number, version: number): Service {
  return {
    namespace: `n${n % 7}`,
    name: `s${n}`,
    type: 'ClusterIP',
    clusterIPs: [`10.${version & 255}.0.${n}`],
    headless: false,
    externalName: '',
    ports: [{ name: `${version}`, port: version & 0xffff, protocol: 'tcp' }],
    selects: version % 2 === 1,
  }
}

export function nthSlice(n: number, version: number): EndpointSlice {
  const endpoints = Array.from({ length: 1 + (version % 9) }, (_, i) => ({
    addresses: [`11.${version & 255}.${i}.${n}`],
    ready: true,
    serving: true,
    terminating: false,
    hostname: `${version}`,
    podName: `pod-${version}-${i}`,
    zone: '',
  }))
  return { namespace: `n${n % 7}`, name: `s${n}-a`, service: `s${n}`, endpoints, ports: [] }
}

/** What the thread says before it ends. */
export interface Reading {
  readonly read: number
  readonly wrong: readonly string[]
}

if (parentPort !== null) {
  const cluster = replica(workerData as MessagePort)
  const wrong: string[] = []
  let read = 0
  let isOver = false
  const compare = (what: string, actual: unknown, expected: unknown): void => {
    read++
    if (JSON.stringify(actual) !== JSON.stringify(expected)) wrong.push(`${what}: ${JSON.stringify(actual)}`)
  }
  const readAll = (): void => {
    for (let n = 0; n < nameCount; n++) {
      const service = cluster.service(`n${n % 7}`, `s${n}`)
      const [slice] = cluster.slices(`n${n % 7}`, `s${n}`)
      const address = service?.clusterIPs[0] ?? ''
      if (service !== undefined) compare('service', service, nthService(n, Number(service.ports[0]?.name)))
      if (service !== undefined) compare('service at', cluster.serviceAt(address), service)
      const endpoint = slice?.endpoints[0]
      if (endpoint === undefined) continue
      compare('slice', slice, nthSlice(n, Number(endpoint.hostname)))
      compare('endpoint at', cluster.endpointsAt(endpoint.addresses[0] ?? '')[0]?.slice, slice)
    }
    if (!isOver) setImmediate(readAll)
    else parentPort?.postMessage({ read, wrong: wrong.slice(0, 5) } satisfies Reading)
  }
  parentPort.once('message', () => {
    isOver = true
  })
  readAll()
}
