// How long the sandbox takes to load a big cluster over HTTP, pods running and endpoints made:
// `node test/bench/sandbox.ts [SERVICES] [PODS]`, by default 10,000 and 50,000.
import { Agent, request } from 'node:http'
import type { EndpointSlice } from '../../src/sandbox/resources.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'

const [services = 10_000, pods = 50_000] = process.argv.slice(2).map(Number)
const namespaces = 50
const inFlight = 32

const sandbox = await startSandbox()
const agent = new Agent({ keepAlive: true, maxSockets: inFlight })

function post(path: string, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request(sandbox.url + path, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      if (answer.statusCode === 201) answer.on('end', resolve)
      else reject(new Error(`POST ${path}: ${answer.statusCode}`))
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

const spaceOf = (service: number) => `ns-${service % namespaces}`

const start = performance.now()
const cpuStart = process.cpuUsage()
await each(namespaces, (index) => post('/api/v1/namespaces', { metadata: { name: `ns-${index}` } }))
await each(services, (index) =>
  post(`/api/v1/namespaces/${spaceOf(index)}/services`, {
    metadata: { name: `service-${index}` },
    spec: {
      selector: { app: `app-${index}` },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
      ...(index % 10 === 0 ? { clusterIP: 'None' } : {}),
    },
  }),
)
await each(pods, (index) => {
  const service = index % services
  return post(`/api/v1/namespaces/${spaceOf(service)}/pods`, {
    metadata: { name: `pod-${index}`, labels: { app: `app-${service}` } },
    spec: { containers: [{ name: 'main', image: 'image', ports: [{ containerPort: 8080 }] }] },
  })
})
const loaded = performance.now()
await sandbox.settled()
const end = performance.now()
const { user, system } = process.cpuUsage(cpuStart)

const endpoints = sandbox.list<EndpointSlice>('endpointslices').reduce((sum, slice) => sum + slice.endpoints.length, 0)
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1)
const memory = Math.round(process.memoryUsage().rss / (1 << 20))
console.log(
  `sandbox: ${services} services, ${pods} pods, ${endpoints} endpoints in ${seconds(end - start)} s ` +
    `(requests ${seconds(loaded - start)} s; CPU ${((user + system) / 1e6).toFixed(1)} s, client included), ${memory} MiB`,
)
agent.destroy()
await sandbox.close()
