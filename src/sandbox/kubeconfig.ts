// The kubeconfig for the sandbox.
import { printYaml } from './manifests.ts'

/** One context, `sandbox`, at this URL. TLS is said not to matter because client-node asks for that on plain HTTP. */
export function printKubeconfig(url: string): string {
  return printYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'sandbox', user: {} }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox', namespace: 'default' } }],
    'current-context': 'sandbox',
  })
}
