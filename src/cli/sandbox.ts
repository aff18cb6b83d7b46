// `sandbox`: a pocket cluster and a DNS server for it in one process, for trying things out.
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logTo } from '../log.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { loadCorefile } from './corefile.ts'
import { explainUsage, type Flags, parseFlags } from './flags.ts'
import { parsePort, run } from './run.ts'

const usage =
  'usage: sandbox [-dns.port 1053] [-api.port 0] [MANIFEST...] (files or folders; default: the walkthroughs)\n'
const walkthroughs = fileURLToPath(new URL('../../manifests/walkthroughs', import.meta.url))

/** Serves until it is told to stop; resolves to the exit code. */
export async function sandbox(args: readonly string[]): Promise<number> {
  let flags: Flags
  let ports: { readonly dns: number; readonly api: number }
  try {
    flags = parseFlags(args, { valued: ['dns.port', 'api.port'], switches: [] })
    ports = {
      dns: parsePort(flags.values.get('dns.port') ?? '1053'),
      api: parsePort(flags.values.get('api.port') ?? '0'),
    }
  } catch (error) {
    return explainUsage(error, usage)
  }
  const warn = (line: string) => process.stderr.write(line)
  const manifests = flags.rest.length === 0 ? [walkthroughs] : flags.rest
  const cluster = await startSandbox({ port: ports.api, manifests, log: logTo(warn) }).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`)
    return undefined
  })
  if (cluster === undefined) return 1
  await cluster.settled()
  const folder = await mkdtemp(join(tmpdir(), 'clusterdns-sandbox-'))
  const kubeconfig = join(folder, 'kubeconfig')
  await cluster.writeKubeconfig(kubeconfig)

  const loopbacks = hasIPv6() ? '127.0.0.1 ::1' : '127.0.0.1'
  const corefile = `cluster.local in-addr.arpa ip6.arpa {
    errors
    bind ${loopbacks}
    kubernetes {
        endpoint ${cluster.url}
        pods verified
    }
}
`
  return run({
    load: () => loadCorefile(corefile, { file: 'sandbox', port: ports.dns }),
    quiet: true,
    started: (blocks) => process.stdout.write(linesToTry(kubeconfig, blocks[0]?.keys[0]?.port ?? ports.dns)),
    ended: async () => {
      await cluster.close()
      await rm(folder, { recursive: true })
    },
  })
}

function hasIPv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'))
}

function linesToTry(kubeconfig: string, port: number): string {
  return `The sandbox is ready. In another terminal:

  export KUBECONFIG=${kubeconfig}
  kubectl get services,pods -o wide
  dig @localhost -p ${port} kubia.default.svc.cluster.local
  dig @localhost -p ${port} nginx-web-0.nginx-test.default.svc.cluster.local
  dig @localhost -p ${port} _mysql._tcp.mysql-svc.default.svc.cluster.local SRV
  dig @localhost -p ${port} externalname-redis-svc.default.svc.cluster.local
  dig @localhost -p ${port} -x 10.96.0.10
  kubectl delete pod hello-kubernetes-0; dig @localhost -p ${port} hello-kubernetes-0.headless-demo.default.svc.cluster.local

Ctrl-C ends it.
`
}
