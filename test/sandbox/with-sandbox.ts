// A sandbox for the length of a test, and what stands behind its services.
import type { EndpointSlice } from '../../src/sandbox/resources.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts'

/** Controllers have settled when `use` is called. */
export async function withSandbox(
  options: SandboxOptions,
  use: (sandbox: Sandbox) => Promise<void> | void,
): Promise<void> {
  const sandbox = await startSandbox(options)
  try {
    await sandbox.settled()
    await use(sandbox)
  } finally {
    await sandbox.close()
  }
}

export function slicesOf(sandbox: Sandbox, service: string, namespace = 'default'): EndpointSlice[] {
  return sandbox
    .list<EndpointSlice>('endpointslices', namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service)
}

/** `ADDRESS HOSTNAME`, and what it is not, of every endpoint of a service, in order of addresses. */
export function endpointsOf(sandbox: Sandbox, service: string, namespace = 'default'): string[] {
  return slicesOf(sandbox, service, namespace)
    .flatMap((slice) => slice.endpoints)
    .map(({ addresses, hostname, conditions }) =>
      [addresses[0], hostname ?? '-', conditions?.ready === false ? 'not ready' : ''].join(' ').trim(),
    )
    .sort()
}

/** A manifest of a pod; `more` is laid over its metadata and spec. */
export function podManifest(
  name: string,
  { labels = {}, annotations = {}, spec = {} }: { labels?: object; annotations?: object; spec?: object } = {},
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, annotations },
    spec: { containers: [{ name: 'main', image: 'image', ports: [{ name: 'web', containerPort: 8080 }] }], ...spec },
  })
}

export function serviceManifest(name: string, spec: object = {}, labels: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { ports: [{ port: 80 }], ...spec },
  })
}
