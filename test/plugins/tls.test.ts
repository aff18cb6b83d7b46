import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import type { TlsListen } from '../../src/plugin.ts'
import { tls } from '../../src/plugins/tls.ts'
import { configOf, isCorefileError, mainContext, recordLog } from '../context.ts'
import { authority, first, second } from '../server/encrypted.ts'
import { folderFor } from '../server/process.ts'

const files = { cert: first.certificate, key: first.key, other: second.key, ca: authority.certificate, text: 'hello' }

/** A stanza in which `CERT` is a file's path, and what there is to be known of the files. */
function settle(t: TestContext, stanza: string): { readonly stanza: string; readonly paths: Record<string, string> } {
  const folder = folderFor(t)
  const paths: Record<string, string> = { keylog: join(folder, 'keylog'), folder }
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    paths[name] = path
    writeFileSync(path, text)
  }
  return { stanza: stanza.replace(/<(\w+)>/g, (_, name: string) => paths[name] ?? name), paths }
}

suite('stanzas', () => {
  const usual: TlsListen = { files: [], cert: first.certificate, key: first.key, clientAuth: 'none' }
  const good: Readonly<Record<string, TlsListen>> = {
    'tls <cert> <key>': usual,
    'tls <cert> <key> <ca>': { ...usual, ca: authority.certificate },
    'tls <cert> <key> {\nclient_auth nocert\n}': usual,
    'tls <cert> <key> {\nclient_auth request\n}': { ...usual, clientAuth: 'request' },
    'tls <cert> <key> {\nclient_auth require\n}': { ...usual, clientAuth: 'require any' },
    'tls <cert> <key> {\nclient_auth verify_if_given\n}': { ...usual, clientAuth: 'verify if given' },
    'tls <cert> <key> {\nclient_auth require_and_verify\n}': { ...usual, clientAuth: 'require and verify' },
    'tls <cert> <key> {\nkeylog <keylog>\n}': { ...usual, keyLog: 'keylog' },
    // What is said later counts.
    'tls <cert> <other>\ntls <cert> <key>': usual,
  }
  for (const [text, expected] of Object.entries(good)) {
    test(JSON.stringify(text), (t) => {
      const { stanza, paths } = settle(t, text)
      const listen = tls.listen?.(configOf(tls, stanza), { addresses: ['192.0.2.1'] })
      const names = /<ca>/.test(text) ? ['cert', 'key', 'ca'] : ['cert', 'key']
      assert.deepEqual(listen, {
        addresses: ['192.0.2.1'],
        tls: {
          ...expected,
          files: names.map((name) => paths[name]),
          ...(expected.keyLog === undefined ? {} : { keyLog: paths.keylog }),
        },
      })
      assert.equal(existsSync(paths.keylog ?? ''), expected.keyLog !== undefined)
    })
  }

  const count = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  const acme = 'certificates by ACME are not supported here: tls CERT KEY; docs/migrating.md says what to do instead'
  const bad: Readonly<Record<string, string>> = {
    tls: acme,
    'tls {\nacme dns.example\n}': acme,
    'tls cert': count('cert'),
    'tls a b c d': count('d'),
    'tls a b {\nclient_auth\n}': count('client_auth'),
    'tls a b {\nclient_auth require request\n}': count('request'),
    'tls a b {\nclient_auth RequireAnyClientCert\n}': "unknown authentication type 'RequireAnyClientCert'",
    'tls a b {\nclient_auth toString\n}': "unknown authentication type 'toString'",
    'tls a b {\nkeylog\n}': count('keylog'),
    'tls a b {\nkeylog x y\n}': count('y'),
    'tls a b {\nmin_version 1.3\n}': "unknown option 'min_version'",
  }
  for (const [stanza, problem] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () => {
      assert.throws(
        () => configOf(tls, stanza),
        (error: Error) =>
          error.message.startsWith('plugin/tls: Corefile:') && error.message.endsWith(` parsing: ${problem}`),
      )
    })
  }

  const unusable: Readonly<Record<string, string>> = {
    'tls /none /none2': 'could not load TLS cert: open /none: no such file or directory',
    'tls <cert> /none2': 'could not load TLS cert: open /none2: no such file or directory',
    'tls <cert> <other>': 'could not load TLS cert: tls: private key does not match public key',
    'tls <cert> <key> /none': 'error reading /none: open /none: no such file or directory',
    'tls <cert> <key> <text>': 'could not read root certs: no certificate in <text>',
  }
  for (const [text, problem] of Object.entries(unusable)) {
    test(`${JSON.stringify(text)} can be checked, and not put into force`, (t) => {
      const { stanza, paths } = settle(t, text)
      const config = configOf(tls, stanza)
      const told = problem.replace('<text>', paths.text ?? '')
      assert.throws(
        () => tls.listen?.(config, { addresses: [] }),
        isCorefileError(`plugin/tls: Corefile:2 - Error during parsing: ${told}`),
      )
    })
  }

  test('a key log that can not be written', (t) => {
    const { stanza, paths } = settle(t, 'tls <cert> <key> {\nkeylog <folder>\n}')
    const config = configOf(tls, stanza)
    assert.throws(
      () => tls.listen?.(config, { addresses: [] }),
      (error: Error) => error.message.includes(`unable to write TLS Key Log to "${paths.folder}": EISDIR`),
    )
  })
})

test('that keys are written down is said', async (t) => {
  const { stanza, paths } = settle(t, 'tls <cert> <key> {\nkeylog <keylog>\n}')
  const { log, lines } = recordLog()
  const end = new AbortController()
  await tls.background?.(configOf(tls, stanza), mainContext(end.signal, { log }))
  await tls.background?.(configOf(tls, 'tls a b'), mainContext(end.signal, { log }))
  end.abort()
  assert.deepEqual(lines, [`[WARNING] Writing TLS Key Log to "${paths.keylog}"`])
})
