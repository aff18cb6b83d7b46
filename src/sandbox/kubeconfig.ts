// The kubeconfig for the sandbox: a context for every way in.
import type { Certificate } from './certificate.ts'
import { printYaml } from './manifests.ts'

export interface Ways {
  /** Plain HTTP. */
  readonly url: string
  readonly tlsUrl: string
  /** PEM. */
  readonly ca: string
  /** By the name of the user. */
  readonly tokens: Readonly<Record<string, string>>
  readonly certificate: Certificate
}

/**
 * Contexts: `sandbox` (plain HTTP, the current one), `sandbox-token`, `sandbox-cert`, `sandbox-anonymous` (401), and one for
 * each further token, named like its user. On plain HTTP, TLS is said not to matter because client-node asks for that.
 */
export function printKubeconfig({ url, tlsUrl, ca, tokens, certificate }: Ways): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const clusters = [
    { name: 'sandbox', cluster: { server: url, 'insecure-skip-tls-verify': true } },
    { name: 'sandbox-tls', cluster: { server: tlsUrl, 'certificate-authority-data': base64(ca) } },
  ]
  const users = [
    { name: 'sandbox', user: {} },
    { name: 'sandbox-anonymous', user: {} },
    ...Object.entries(tokens).map(([name, token]) => ({ name, user: { token } })),
    {
      name: 'sandbox-cert',
      user: {
        'client-certificate-data': base64(certificate.certificate),
        'client-key-data': base64(certificate.key),
      },
    },
  ]
  const contexts = users.map(({ name }) => ({
    name,
    context: { cluster: name === 'sandbox' ? 'sandbox' : 'sandbox-tls', user: name, namespace: 'default' },
  }))
  return printYaml({ apiVersion: 'v1', kind: 'Config', clusters, users, contexts, 'current-context': 'sandbox' })
}
