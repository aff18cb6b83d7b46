import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Certificate } from '../../src/sandbox/certificate.ts'
import { Certificates } from '../../src/server/certificates.ts'
import type { Place } from '../../src/server/listeners.ts'
import { recordLog } from '../context.ts'
import { authority, first, listenBy, placeOf, second } from './encrypted.ts'
import { folderFor } from './process.ts'

function watched(t: TestContext) {
  const folder = folderFor(t)
  const files = ['cert', 'key', 'ca'].map((name) => join(folder, name))
  const [cert = '', key = '', ca = ''] = files
  const write = (certificate: Certificate) => {
    writeFileSync(cert, certificate.certificate)
    writeFileSync(key, certificate.key)
  }
  write(first)
  writeFileSync(ca, authority.certificate)
  const { log, lines } = recordLog()
  let places: readonly Place[] = [
    placeOf('tls', { tls: listenBy({ files, clientAuth: 'request', keyLog: '/none' }) }),
    placeOf('https', { tls: listenBy({ files }) }),
    placeOf('tls', { server: 'tls://plain:1' }),
  ]
  let changes = 0
  const certificates = new Certificates(log, (renew) => {
    changes++
    places = places.map(renew)
  })
  certificates.watch(places)
  t.after(() => certificates.stop())
  return {
    look: () => certificates.look(),
    changes: () => changes,
    shown: () => places.map(({ tls }) => tls?.cert),
    places: () => places,
    lines,
    files,
    write,
    cert,
    key,
    ca,
  }
}

test('files that stay as they are change nothing', (t) => {
  const { look, changes, lines } = watched(t)
  look()
  look()
  assert.deepEqual([changes(), lines], [0, []])
})

test('a renewed certificate is that of every place that shows it, and nothing else changes there', (t) => {
  const { look, changes, shown, places, lines, write, files } = watched(t)
  const before = places()
  write(second)
  look()
  look()
  assert.equal(changes(), 1)
  assert.deepEqual(shown(), [second.certificate, second.certificate, undefined])
  const back = places().map((place) =>
    place.tls === undefined ? place : { ...place, tls: { ...place.tls, cert: first.certificate, key: first.key } },
  )
  assert.deepEqual(back, before)
  assert.deepEqual(lines, [`[INFO] plugin/tls: Certificate renewed from ${files.join(', ')}`])
})

test('a certificate without its key yet is waited for in silence', (t) => {
  const { look, shown, lines, cert, key } = watched(t)
  writeFileSync(cert, second.certificate)
  look()
  assert.equal(shown()[0], first.certificate)
  writeFileSync(key, second.key)
  look()
  assert.equal(shown()[0], second.certificate)
  assert.equal(lines.length, 1)
})

test('what can not be used is said once, the old one stays, and the next good one counts', (t) => {
  const { look, changes, lines, write, cert } = watched(t)
  const broken = (text: string) => {
    writeFileSync(cert, text)
    for (let i = 0; i < 4; i++) look()
  }
  broken(second.certificate)
  assert.deepEqual(lines, [
    '[ERROR] plugin/tls: certificate not renewed, the old one stays: could not load TLS cert: tls: private key does not match public key',
  ])
  write(first)
  look()
  broken('nothing')
  assert.equal(lines.length, 2)
  assert.equal(changes(), 0)
  write(second)
  look()
  assert.equal(changes(), 1)
})

test('other authorities for clients are a change', (t) => {
  const { look, places, ca } = watched(t)
  const both = `${authority.certificate}${first.certificate}`
  writeFileSync(ca, both)
  look()
  assert.equal(places()[0]?.tls?.ca, both)
})
