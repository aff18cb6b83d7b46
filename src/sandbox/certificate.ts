// Certificates of an authority of the sandbox's own: just enough of X.509 (RFC 5280) in DER (X.690), with keys on P-256.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export interface Certificate {
  /** As a PEM block. */
  readonly certificate: string
  /** PKCS#8 as a PEM block. */
  readonly key: string
}

export interface Subject {
  readonly commonName: string
  readonly organizations?: readonly string[]
}

export interface Authority {
  /** Its own certificate, as a PEM block. */
  readonly certificate: string
  /** A certificate for a server under these names and addresses. */
  issueServer(names: readonly string[]): Certificate
  /** A certificate by which a client shows who it is. */
  issueClient(subject: Subject): Certificate
}

const lifetimeDays = 365

export function createAuthority(): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subject: Subject = { commonName: 'sandbox-ca' }
  const issue = (extensions: readonly Buffer[], to: Subject): Certificate => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return {
      certificate: certify({ subject: to, publicKey: pair.publicKey, extensions, issuer: subject, signer: own }),
      key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    }
  }
  const rights = [extension(oids.basicConstraints, { critical: true }, sequence(boolean(true))), keyUsage(0x06)]
  return {
    certificate: certify({ subject, publicKey: own.publicKey, extensions: rights, issuer: subject, signer: own }),
    issueServer: (names) =>
      issue([keyUsage(0x80), extendedKeyUsage(oids.serverAuth), alternativeNames(names)], {
        commonName: names[0] ?? 'sandbox',
      }),
    issueClient: (to) => issue([keyUsage(0x80), extendedKeyUsage(oids.clientAuth)], to),
  }
}

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

/** Certificate = { TBSCertificate, signatureAlgorithm, signature } (RFC 5280 4.1). */
function certify(options: {
  readonly subject: Subject
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
  readonly issuer: Subject
  readonly signer: KeyPair
}): string {
  const { subject, publicKey, extensions, issuer, signer } = options
  const algorithm = sequence(oid(oids.ecdsaWithSha256))
  const start = Date.now() - 60_000 // clocks differ
  const identifiers = [
    extension(oids.subjectKeyIdentifier, {}, octetString(keyIdentifier(publicKey))),
    extension(oids.authorityKeyIdentifier, {}, sequence(tlv(0x80, keyIdentifier(signer.publicKey)))),
  ]
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.from([2]))), // version 3
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer),
    sequence(time(new Date(start)), time(new Date(start + lifetimeDays * 86_400_000))),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions, ...identifiers)),
  )
  const signature = sign('sha256', toBeSigned, signer.privateKey)
  const base64 = sequence(toBeSigned, algorithm, bitString(signature)).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
}

/** SHA-1 of the public key without its algorithm (RFC 5280 4.2.1.2): the last 65 octets of a key on P-256. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const encoded = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha1').update(encoded.subarray(-65)).digest()
}

function distinguishedName({ commonName, organizations = [] }: Subject): Buffer {
  const attribute = (type: string, value: string) => tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(value))))
  return sequence(
    ...organizations.map((name) => attribute(oids.organization, name)),
    attribute(oids.commonName, commonName),
  )
}

function extension(id: string, { critical = false }: { readonly critical?: boolean }, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value))
}

/** `bits`: digitalSignature is 0x80, keyCertSign 0x04, cRLSign 0x02 (RFC 5280 4.2.1.3). */
function keyUsage(bits: number): Buffer {
  return extension(oids.keyUsage, { critical: true }, bitString(Buffer.from([bits])))
}

function extendedKeyUsage(purpose: string): Buffer {
  return extension(oids.extKeyUsage, {}, sequence(oid(purpose)))
}

function alternativeNames(names: readonly string[]): Buffer {
  const encoded = names.map((name) =>
    isIP(name) === 0 ? tlv(0x82, Buffer.from(name)) : tlv(0x87, addressOctets(name)),
  )
  return extension(oids.subjectAltName, {}, sequence(...encoded))
}

function addressOctets(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter((group) => group !== '')
  const right = tail.split(':').filter((group) => group !== '')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** tag, length (short form below 128), content (X.690 8.1). */
function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const octets = body.length < 128 ? [body.length] : longLength(body.length)
  return Buffer.concat([Buffer.from([tag, ...octets]), body])
}

function longLength(length: number): number[] {
  const octets: number[] = []
  for (let rest = length; rest > 0; rest >>= 8) octets.unshift(rest & 0xff)
  return [0x80 | octets.length, ...octets]
}

const sequence = (...content: readonly Buffer[]) => tlv(0x30, ...content)
const octetString = (content: Buffer) => tlv(0x04, content)
const boolean = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]))

/** Positive: a zero goes before a first octet whose highest bit is set; the first octet is never zero otherwise. */
function integer(octets: Buffer): Buffer {
  const first = octets.findIndex((octet) => octet !== 0)
  const trimmed = first < 0 ? Buffer.from([0]) : octets.subarray(first)
  return tlv(0x02, (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed)
}

/** The first octet counts the unused bits of the last one; named bits end with a one (X.690 11.2.2). */
function bitString(content: Buffer): Buffer {
  const last = content.length === 1 ? (content[0] ?? 0) : 1
  const unused = last === 0 ? 0 : Math.log2(last & -last)
  return tlv(0x03, Buffer.from([unused]), content)
}

/** Base 128, most significant first; the first two arcs share an octet (X.690 8.19). */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(octets))
}

/** UTCTime up to 2049, GeneralizedTime after that (RFC 5280 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/\D/g, '')}Z`
  return date.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits))
}
