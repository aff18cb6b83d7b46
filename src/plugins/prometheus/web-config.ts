// The file of `tls`: Prometheus's web configuration (its exporter-toolkit), as far as it is about TLS.
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import { type ClientAuth, clientAuthSettings } from '../../client-auth.ts'
import type { TlsSettings } from '../../http.ts'
import { load } from '../../yaml.ts'

/** A web configuration that can't be used; the message says why, in the toolkit's words where it has some. */
export class WebConfigError extends Error {
  override name = 'WebConfigError'
  readonly code = 'ERR_WEB_CONFIG'

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`TLS config file ${file}: ${problem}`, options)
  }
}

type Fields = Readonly<Record<string, unknown>>

/** Go's four versions; TLS 1.0 and 1.1 are none any more. */
const versions: Readonly<Record<string, SecureVersion>> = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' }

/** Reads the file, and the certificates and keys that it names, relative to it. Throws WebConfigError. */
export function readWebConfig(file: string): TlsSettings {
  const fail = (problem: string, cause?: unknown) => new WebConfigError(file, problem, { cause })
  const only = (fields: Fields, known: readonly string[], ignored: readonly string[] = []) => {
    for (const name of Object.keys(fields)) {
      if (!known.includes(name) && !ignored.includes(name)) throw fail(`${name} is not supported`)
    }
  }
  const text = (path: string, what: string): string => {
    try {
      return readFileSync(isAbsolute(path) ? path : join(dirname(file), path), 'utf8')
    } catch (cause) {
      throw fail(`failed to read ${what} (${path}): ${(cause as Error).message}`, cause)
    }
  }
  const fieldsOf = (value: unknown, what: string): Fields => {
    if (value === null || value === undefined) return {}
    if (typeof value !== 'object' || Array.isArray(value)) throw fail(`${what} is not a mapping`)
    return value as Fields
  }

  let parsed: unknown
  const source = text(file, 'it')
  try {
    parsed = load(source)
  } catch (cause) {
    throw fail((cause as Error).message, cause)
  }
  const root = fieldsOf(parsed, 'it')
  only(root, ['tls_server_config', 'http_server_config'])
  // We speak HTTP/1.1 only, which every client of these pages does too.
  only(fieldsOf(root.http_server_config, 'http_server_config'), [], ['http2'])
  const tls = fieldsOf(root.tls_server_config, 'tls_server_config')
  only(
    tls,
    [
      'cert',
      'cert_file',
      'key',
      'key_file',
      'client_ca',
      'client_ca_file',
      'client_auth_type',
      'min_version',
      'max_version',
    ],
    // Of no effect in Go either.
    ['prefer_server_cipher_suites'],
  )
  const field = (name: string): string => {
    const value = tls[name] ?? ''
    if (typeof value !== 'string') throw fail(`${name} is not a string`)
    return value
  }
  const fileOrText = (name: string): string => {
    const path = field(`${name}_file`)
    return path === '' ? field(name) : text(path, `${name}_file`)
  }
  const version = (name: string, otherwise: SecureVersion): SecureVersion => {
    const value = field(name)
    const found = value === '' ? otherwise : versions[value]
    if (found === undefined) throw fail(`unknown TLS version: ${value}`)
    return found
  }
  const [cert, key, ca] = [fileOrText('cert'), fileOrText('key'), fileOrText('client_ca')]
  const auth = field('client_auth_type')
  if (cert + key + ca + auth === '') throw fail('TLS config is not present')
  if (cert === '') throw fail('missing one of cert or cert_file')
  if (key === '') throw fail('missing one of key or key_file')
  const clients = clientAuth.get(auth)
  if (clients === undefined) throw fail(`invalid ClientAuth: ${auth}`)
  if (ca !== '' && clients === 'none') {
    throw fail("client CA's have been configured without a Client Auth Policy")
  }
  return {
    cert,
    key,
    ...(ca === '' ? {} : { ca }),
    minVersion: version('min_version', 'TLSv1.2'),
    maxVersion: version('max_version', 'TLSv1.3'),
    ...clientAuthSettings(clients),
  }
}

const clientAuth: ReadonlyMap<string, ClientAuth> = new Map<string, ClientAuth>([
  ['', 'none'],
  ['NoClientCert', 'none'],
  ['RequestClientCert', 'request'],
  ['RequireAnyClientCert', 'require any'],
  ['RequireClientCert', 'require any'],
  ['VerifyClientCertIfGiven', 'verify if given'],
  ['RequireAndVerifyClientCert', 'require and verify'],
])
