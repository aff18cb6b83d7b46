import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { readWebConfig, WebConfigError } from '../../../src/plugins/prometheus/web-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
after(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'sub'))
for (const name of ['cert', 'key', 'ca', 'sub/cert']) writeFileSync(join(folder, name), `the ${name}`)
const file = join(folder, 'web.yml')

function read(text: string) {
  writeFileSync(file, text)
  return readWebConfig(file)
}

const tls = (...lines: readonly string[]) => `tls_server_config:\n${lines.map((line) => `  ${line}\n`).join('')}`
const pair = ['cert_file: cert', 'key_file: key']

suite('good ones', () => {
  const standard = {
    cert: 'the cert',
    key: 'the key',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    requestCert: false,
  }
  const good: Readonly<Record<string, object>> = {
    [tls(...pair)]: standard,
    [tls(`cert_file: ${join(folder, 'sub/cert')}`, 'key_file: ./key')]: { ...standard, cert: 'the sub/cert' },
    [tls('cert: one', 'key: two')]: { ...standard, cert: 'one', key: 'two' },
    [tls(...pair, 'min_version: TLS13', 'prefer_server_cipher_suites: true')]: { ...standard, minVersion: 'TLSv1.3' },
    [tls(...pair, 'max_version: TLS12')]: { ...standard, maxVersion: 'TLSv1.2' },
    [`${tls(...pair, 'client_auth_type: NoClientCert')}http_server_config:\n  http2: true\n`]: standard,
    [tls(...pair, 'client_auth_type: RequestClientCert')]: {
      ...standard,
      requestCert: true,
      rejectUnauthorized: false,
    },
    [tls(...pair, 'client_auth_type: RequireAndVerifyClientCert', 'client_ca_file: ca')]: {
      ...standard,
      ca: 'the ca',
      requestCert: true,
      rejectUnauthorized: true,
    },
  }
  for (const [text, settings] of Object.entries(good)) {
    test(JSON.stringify(text), () => assert.deepEqual(read(text), settings))
  }
})

suite('bad ones', () => {
  const bad: Readonly<Record<string, string | RegExp>> = {
    '': /the input is empty/,
    'tls_server_config:\n': 'TLS config is not present',
    [tls('key_file: key')]: 'missing one of cert or cert_file',
    [tls('cert_file: cert')]: 'missing one of key or key_file',
    [tls('client_auth_type: NoClientCert')]: 'missing one of cert or cert_file',
    [tls('cert_file: nowhere', 'key_file: key')]: /^failed to read cert_file \(nowhere\): ENOENT/,
    [tls(...pair, 'client_auth_type: Sometimes')]: 'invalid ClientAuth: Sometimes',
    [tls(...pair, 'client_ca_file: ca')]: "client CA's have been configured without a Client Auth Policy",
    [tls(...pair, 'min_version: TLS10')]: 'unknown TLS version: TLS10',
    [tls(...pair, 'cipher_suites: [x]')]: 'cipher_suites is not supported',
    [tls('cert_file: cert', 'key: [1]')]: 'key is not a string',
    'basic_auth_users:\n  me: x\n': 'basic_auth_users is not supported',
    'http_server_config:\n  headers: {}\n': 'headers is not supported',
    'tls_server_config: 1\n': 'tls_server_config is not a mapping',
    '- x\n': 'it is not a mapping',
    'a: [': /unexpected end/,
  }
  for (const [text, problem] of Object.entries(bad)) {
    test(JSON.stringify(text), () =>
      assert.throws(
        () => read(text),
        (error) => {
          assert(error instanceof WebConfigError)
          const start = `TLS config file ${file}: `
          assert(error.message.startsWith(start), error.message)
          const told = error.message.slice(start.length)
          if (problem instanceof RegExp) assert.match(told, problem)
          else assert.equal(told, problem)
          return true
        },
      ),
    )
  }
  test('no file', () =>
    assert.throws(() => readWebConfig(join(folder, 'nowhere')), /^WebConfigError: .*failed to read it .*ENOENT/))
})
