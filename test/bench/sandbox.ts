// How long the sandbox takes to load a big cluster over HTTP, pods running and endpoints made:
// `npm run bench -- sandbox [SERVICES] [PODS]`, by default 10,000 and 50,000.
import { Agent, request } from 'node:http'
import type { EndpointSlice } from '../../src/sandbox/resources.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'

const namespaces = 50
const inFlight = 32

export async function run(args: readonly string[]): Promise<void> {
  const [services = 10_000, pods = 50_000] = args.includes('--smoke') ? [50, 200] : args.map(Number)
  const sandbox = await startSandbox()
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const post = (path: string, body: object) => create(agent, sandbox.url + path, body)
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  await each(namespaces, (index) => post('/api/v1/namespaces', { metadata: { name: `ns-${index}` } }))
  await each(services, (index) => post(`/api/v1/namespaces/${spaceOf(index)}/services`, service(index)))
  await each(pods, (index) =>
    post(`/api/v1/namespaces/${spaceOf(index % services)}/pods`, pod(index, index % services)),
  )
  const loaded = performance.now()
  await sandbox.settled()
  const end = performance.now()
  const { user, system } = process.cpuUsage(cpuStart)
  const slices = sandbox.list<EndpointSlice>('endpointslices')
  const endpoints = slices.reduce((sum, slice) => sum + slice.endpoints.length, 0)
  agent.destroy()
  await sandbox.close()
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1)
  const memory = Math.round(process.memoryUsage().rss / (1 << 20))
  console.log(
    `sandbox: ${services} services, ${pods} pods, ${endpoints} endpoints in ${seconds(end - start)} s ` +
      `(requests ${seconds(loaded - start)} s; CPU ${((user + system) / 1e6).toFixed(1)} s, client included), ${memory} MiB`,
  )
}

const spaceOf = (service: number) => `ns-${service % namespaces}`

/** Every tenth is headless. */
function service(index: number): object {
  return {
    metadata: { name: `service-${index}` },
    spec: {
      selector: { app: `app-${index}` },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      ...(index % 10 === 0 ? { clusterIP: 'None' } : {}),
    },
  }
}

function pod(index: number, app: number): object {
  return {
    metadata: { name: `pod-${index}`, labels: { app: `app-${app}` } },
    spec: { containers: [{ name: 'main', image: 'image', ports: [{ containerPort: 8080 }] }] },
  }
}

function create(agent: Agent, url: string, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      if (answer.statusCode === 201) answer.on('end', resolve)
      else reject(new Error(`POST ${url}: ${answer.statusCode}`))
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}

/** Does all of the work with a bounded number under way at a time. */
async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}
