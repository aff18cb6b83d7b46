import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { createAuthority } from '../../src/sandbox/certificate.ts'

test('an authority certifies itself', () => {
  const own = new X509Certificate(createAuthority().certificate)
  assert.equal(own.subject, 'CN=sandbox-ca')
  assert.ok(own.ca)
  assert.ok(own.verify(own.publicKey))
  assert.ok(own.checkIssued(own))
  assert.ok(new Date(own.validFrom) <= new Date() && new Date(own.validTo) > new Date())
})

test('a server is certified under its names and addresses, and no others', () => {
  const authority = createAuthority()
  const issuer = new X509Certificate(authority.certificate)
  const { certificate, key } = authority.issueServer(['example.org', '127.0.0.1', '::1', 'fd00::1:2'])
  const server = new X509Certificate(certificate)
  assert.ok(server.checkIssued(issuer) && server.verify(issuer.publicKey) && !server.ca)
  assert.ok(server.checkPrivateKey(createPrivateKey(key)))
  assert.equal(server.checkHost('example.org'), 'example.org')
  assert.equal(server.checkHost('example.com'), undefined)
  for (const address of ['127.0.0.1', '::1', 'fd00::1:2']) assert.equal(server.checkIP(address), address)
  assert.equal(server.checkIP('127.0.0.2'), undefined)
  assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
})

test('a client is certified under its name and its groups', () => {
  const { certificate } = createAuthority().issueClient({ commonName: 'someone', organizations: ['one', 'two'] })
  const client = new X509Certificate(certificate)
  assert.deepEqual(client.subject.split('\n').sort(), ['CN=someone', 'O=one', 'O=two'])
  assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2'])
})

test('certificates differ, and those of another authority are told apart', () => {
  const [one, two] = [createAuthority(), createAuthority()]
  const issued = new X509Certificate(one.issueServer(['a']).certificate)
  assert.notEqual(issued.serialNumber, new X509Certificate(one.issueServer(['a']).certificate).serialNumber)
  assert.equal(issued.verify(new X509Certificate(two.certificate).publicKey), false)
})
