// Verdicts and words are those of CoreDNS 1.14.7, asked with the same stanzas; where they aren't, the row says so.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { printName } from '../../../src/dns/name.ts'
import { forward } from '../../../src/plugins/forward/index.ts'
import type { Stanza } from '../../../src/plugins/forward/stanza.ts'
import { createAuthority } from '../../../src/sandbox/certificate.ts'
import { configOf, isCorefileError } from '../../context.ts'

const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
after(() => rmSync(folder, { recursive: true }))
const fileOf = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const authority = createAuthority()
const [one, other] = [authority.issueClient({ commonName: 'one' }), authority.issueClient({ commonName: 'other' })]
const files = {
  RESOLV: fileOf(
    'resolv.conf',
    'search a.b\nnameserver 10.0.0.1\n  nameserver\t10.0.0.2 # second\nnameserver 2001:db8::1\nnameserver x\noptions ndots:5\n',
  ),
  EMPTY: fileOf('empty', 'search a.b\n'),
  CERT: fileOf('cert.pem', one.certificate),
  KEY: fileOf('key.pem', one.key),
  OTHERKEY: fileOf('other.pem', other.key),
  CA: fileOf('ca.pem', authority.certificate),
  FOLDER: folder,
}
/** `<CA>` is the path of that file. */
const withFiles = (text: string): string =>
  Object.entries(files).reduce((so, [word, file]) => so.replaceAll(`<${word}>`, file), text)

const stanzasOf = (body: string): readonly Stanza[] => configOf(forward, withFiles(body))
const stanzaOf = (body: string): Stanza => {
  const [stanza] = stanzasOf(body)
  assert(stanza !== undefined)
  return stanza
}

suite('TO', () => {
  /** Each destination as transport, host, port and server's name. */
  const good: Readonly<Record<string, string>> = {
    '1.1.1.1': 'dns 1.1.1.1 53',
    '1.1.1.1:5353': 'dns 1.1.1.1 5353',
    'dns://1.1.1.1': 'dns 1.1.1.1 53',
    '2001:db8::2': 'dns 2001:db8::2 53',
    '::1:53': 'dns ::1:53 53',
    '[2001:db8::1]': 'dns 2001:db8::1 53',
    '[2001:db8::1]:5353': 'dns 2001:db8::1 5353',
    'fe80::1%eth0': 'dns fe80::1%eth0 53',
    '[fe80::1%eth0]:54': 'dns fe80::1%eth0 54',
    'tls://1.1.1.1': 'tls 1.1.1.1 853',
    'tls://1.1.1.1:8853': 'tls 1.1.1.1 8853',
    'tls://1.1.1.1%one.example': 'tls 1.1.1.1 853 one.example',
    'tls://1.1.1.1%one.example:8853': 'tls 1.1.1.1 8853 one.example',
    'tls://[2606:4700::1%one.example]:8853': 'tls 2606:4700::1 8853 one.example',
    'tls://2606:4700::1%one.example': 'tls 2606:4700::1 853 one.example',
    'tls://dns.example%one.example:8853': 'tls dns.example 8853 one.example name',
    'https://1.1.1.1': 'https 1.1.1.1 443',
    'https://1.1.1.1:8443': 'https 1.1.1.1 8443',
    'https://[2001:db8::1]:8443': 'https 2001:db8::1 8443',
    'https://2001:db8::1': 'https 2001:db8::1 443',
    'https://1.1.1.1%one.example': 'https 1.1.1.1 443 one.example',
    'https://dns.example': 'https dns.example 443 name',
    'dns.example': 'dns dns.example 53 name',
    'dns.example.:54': 'dns dns.example. 54 name',
    'under_score.svc.cluster.local': 'dns under_score.svc.cluster.local 53 name',
    '01.1.1.1': 'dns 01.1.1.1 53 name',
    '1.1.1.1 1.1.1.2': 'dns 1.1.1.1 53, dns 1.1.1.2 53',
    '1.1.1.1 1.1.1.2 1.1.1.1:53': 'dns 1.1.1.1 53, dns 1.1.1.2 53',
    '1.1.1.1 tls://1.1.1.1 tls://1.1.1.1:53': 'dns 1.1.1.1 53, tls 1.1.1.1 853',
    '<RESOLV>': 'dns 10.0.0.1 53 file, dns 10.0.0.2 53 file, dns 2001:db8::1 53 file',
    '10.0.0.2 <RESOLV>': 'dns 10.0.0.2 53, dns 10.0.0.1 53 file, dns 2001:db8::1 53 file',
    'tls://<RESOLV>': 'dns 10.0.0.1 53 file, dns 10.0.0.2 53 file, dns 2001:db8::1 53 file',
    '<EMPTY> 1.1.1.1': 'dns 1.1.1.1 53',
    '<FOLDER> 1.1.1.1': 'dns 1.1.1.1 53',
  }
  for (const [to, destinations] of Object.entries(good)) {
    test(to, () => {
      const told = stanzaOf(`forward . ${to}`).to.map(({ transport, host, port, serverName, isName, file }) =>
        [transport, host, port, serverName, isName && 'name', file && 'file'].filter(Boolean).join(' '),
      )
      assert.equal(told.join(', '), destinations)
    })
  }

  const sixteen = Array.from({ length: 16 }, (_, at) => `1.1.1.${at + 1}`).join(' ')
  const bad: Readonly<Record<string, string>> = {
    'a..b': 'not an IP address, file, or valid domain: "a..b"',
    ':53': 'not an IP address, file, or valid domain: ":53"',
    'dns://': 'invalid address: "dns://"',
    'unix:///tmp/x': "'unix' is not supported as a destination protocol in forward: unix:///tmp/x",
    'quic://1.1.1.1': "'quic' is not supported as a destination protocol in forward: quic://1.1.1.1:853",
    'grpc://1.1.1.1:5': "'grpc' is not supported as a destination protocol in forward: grpc://1.1.1.1:5",
    'https://1.1.1.1/dns-query':
      'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://1.1.1.1/dns-query',
    '<EMPTY>': 'no valid upstream addresses found',
    '<FOLDER>': 'no valid upstream addresses found',
    [sixteen]: 'more than 15 TOs configured: 16',
    // CoreDNS takes it for a hostname, and says that there is none.
    '/none/such':
      'not an IP address or file "/none/such": failed to open file: open /none/such: no such file or directory',
    // CoreDNS takes these; with the first two every question fails.
    '1.1.1.1:abc': 'invalid port in "1.1.1.1:abc"',
    '1.1.1.1:99999': 'invalid port in "1.1.1.1:99999"',
    '1.1.1.1:': 'invalid port in "1.1.1.1:"',
    'https://': 'invalid address: "https://"',
    'https://1.1.1.1:8443/':
      'paths are not allowed in HTTPS upstream addresses (the /dns-query path is used by default): https://1.1.1.1:8443/',
    'https3://1.1.1.1': "'https3' is not supported as a destination protocol in forward: https3://1.1.1.1:443",
  }
  for (const [to, problem] of Object.entries(bad)) {
    test(to, () =>
      assert.throws(
        () => stanzasOf(`forward . ${to}`),
        isCorefileError(`plugin/forward: Corefile:2 - Error during parsing: ${withFiles(problem)}`),
      ),
    )
  }

  test('a file is read anew each time', () => {
    const file = fileOf('changing', 'nameserver 10.0.0.1\n')
    assert.deepEqual(
      stanzaOf(`forward . ${file}`).to.map(({ host }) => host),
      ['10.0.0.1'],
    )
    fileOf('changing', 'nameserver 10.0.0.2\n')
    assert.deepEqual(
      stanzaOf(`forward . ${file}`).to.map(({ host }) => host),
      ['10.0.0.2'],
    )
  })

  test('whatever it is, it is taken or refused with words', () => {
    const word = fc.oneof(
      fc
        .string({ minLength: 1 })
        .filter((text) => !/[\s{}"#]/.test(text) && !text.includes('$') && !text.includes('\0')),
      fc
        .array(
          fc.constantFrom(
            'tls://',
            'dns://',
            'https://',
            '1.1.1.1',
            '[',
            ']',
            ':',
            '%',
            '53',
            '2001:db8::1',
            'a.b',
            '/',
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(word, (to) => {
        try {
          assert(stanzaOf(`forward . ${to}`).to.length > 0)
        } catch (error) {
          assert.match((error as Error).message, /^plugin\/forward: Corefile:2 - Error during parsing: ./)
        }
      }),
    )
  })
})

suite('FROM', () => {
  for (const [from, zone] of [
    ['.', '.'],
    ['Example.ORG', 'example.org.'],
    ['dns://example.org:53', 'example.org.'],
    ['10.0.0.0/8', '10.in-addr.arpa.'],
    ['10.0.0.0/17', '0.0.10.in-addr.arpa.'],
  ] as const) {
    test(from, () => assert.equal(printName(stanzaOf(`forward ${from} 1.1.1.1`).from), zone))
  }
})

suite('properties', () => {
  const good: readonly (readonly [properties: string, fields: Partial<Stanza>])[] = [
    [
      '',
      {
        except: [],
        protocol: 'as asked',
        expire: 10_000,
        maxAge: 0,
        maxIdle: 0,
        readTimeout: 2000,
        maxFails: 2,
        maxAttempts: undefined,
        httpMethod: 'POST',
        policy: 'random',
        maxConcurrent: 0,
        next: [],
        nextOnNodata: false,
        failover: [],
        failfast: false,
        source: undefined,
        resolvers: [],
        warnings: [],
      },
    ],
    ['except a..b x:', { except: [] }],
    ['force_tcp', { protocol: 'tcp' }],
    ['prefer_udp', { protocol: 'udp' }],
    ['force_tcp\nprefer_udp', { protocol: 'tcp' }],
    ['expire 1m', { expire: 60_000 }],
    ['expire 1s\nmax_age 1s', { expire: 1000, maxAge: 1000 }],
    ['max_age 0s', { maxAge: 0 }],
    ['max_idle_conns 3', { maxIdle: 3 }],
    ['read_timeout 500ms', { readTimeout: 500 }],
    ['max_fails 0', { maxFails: 0 }],
    ['max_fails 1\nmax_fails 4294967295', { maxFails: 4_294_967_295 }],
    ['max_connect_attempts 0', { maxAttempts: 0 }],
    ['policy round_robin', { policy: 'round_robin' }],
    ['policy sequential', { policy: 'sequential' }],
    ['policy sequential\npolicy random', { policy: 'random' }],
    ['max_concurrent 1000', { maxConcurrent: 1000 }],
    ['next NXDOMAIN servfail\nnext Refused', { next: [3, 2, 5] }],
    ['next NOTIMPL DSOTYPENI badsig', { next: [4, 11, 16] }],
    ['next_on_nodata', { nextOnNodata: true }],
    ['failover SERVFAIL refused', { failover: [2, 5] }],
    ['failfast_all_unhealthy_upstreams', { failfast: true }],
    ['source_address 10.0.0.9', { source: '10.0.0.9' }],
    ['resolver 10.0.0.9 [::1]:53 1.1.1.1:x', { resolvers: ['10.0.0.9', '[::1]:53', '1.1.1.1:x'] }],
    ['doh_method GET', { httpMethod: 'GET' }],
    ['doh_method POST', { httpMethod: 'POST' }],
    ['tls', { tls: { cert: undefined, key: undefined, ca: undefined } }],
    ['tls <CA>', { tls: { cert: undefined, key: undefined, ca: authority.certificate } }],
    ['tls <CERT> <KEY>', { tls: { cert: one.certificate, key: one.key, ca: undefined } }],
    ['tls <CERT> <KEY> <CA>', { tls: { cert: one.certificate, key: one.key, ca: authority.certificate } }],
    ['tls_servername a.example', { serverName: 'a.example' }],
    ['health_check 0s', {}],
  ]
  for (const [properties, fields] of good) {
    test(JSON.stringify(properties), () => {
      const stanza = stanzaOf(`forward . 1.1.1.1 {\n${properties}\n}`)
      for (const [key, value] of Object.entries(fields)) assert.deepEqual(stanza[key as keyof Stanza], value)
    })
  }

  const wrongCount = (after: string) => `Wrong argument count or unexpected line ending after '${after}'`
  /** By property: what is said of it, on its line. */
  const bad: Readonly<Record<string, string>> = {
    bogus: "unknown property 'bogus'",
    except: wrongCount('except'),
    max_fails: wrongCount('max_fails'),
    'max_fails 3 4': "unknown property '4'",
    'max_fails x': 'strconv.ParseUint: parsing "x": invalid syntax',
    'max_fails -1': 'strconv.ParseUint: parsing "-1": invalid syntax',
    'max_fails 4294967296': 'strconv.ParseUint: parsing "4294967296": value out of range',
    'max_connect_attempts x': 'strconv.ParseUint: parsing "x": invalid syntax',
    'force_tcp a b': wrongCount('a'),
    'prefer_udp a': wrongCount('a'),
    'next_on_nodata x': wrongCount('x'),
    'failfast_all_unhealthy_upstreams x': wrongCount('x'),
    policy: wrongCount('policy'),
    'policy x': "unknown policy 'x'",
    health_check: wrongCount('health_check'),
    'health_check -1s': "health_check can't be negative: -1000000000",
    'health_check 1': 'time: missing unit in duration "1"',
    'health_check 1s domain': wrongCount('domain'),
    'health_check 1s domain a..b': 'health_check: invalid domain name a..b',
    'health_check 1s bogus': 'health_check: unknown option bogus',
    'expire -1s': "expire can't be negative: -1s",
    'max_age -1s': "max_age can't be negative: -1s",
    'read_timeout 0s': 'read_timeout must be positive: 0s',
    'read_timeout 2': 'time: missing unit in duration "2"',
    'max_concurrent -1': "max_concurrent can't be negative: -1",
    'max_concurrent x': 'strconv.Atoi: parsing "x": invalid syntax',
    'max_idle_conns -1': "max_idle_conns can't be negative: -1",
    next: wrongCount('next'),
    'next BADVERS': 'BADVERS is not a valid rcode',
    'next RCODE3': 'RCODE3 is not a valid rcode',
    'next x': 'x is not a valid rcode',
    failover: wrongCount('failover'),
    'failover NOERROR': 'NoError cannot be used in failover',
    'failover x': 'x is not a valid rcode',
    resolver: wrongCount('resolver'),
    'resolver x': 'resolver must be an IP address or IP:port: "x"',
    'source_address x': 'invalid IP address: x',
    doh_method: wrongCount('doh_method'),
    'doh_method GET POST': "unknown property 'POST'",
    'doh_method PUT': 'doh_method must be either POST or GET',
    'tls a b c d': wrongCount('d'),
    'tls /none': 'error reading /none: open /none: no such file or directory',
    'tls /none /none2': 'could not load TLS cert: open /none: no such file or directory',
    'tls <CERT> <OTHERKEY>': 'could not load TLS cert: tls: private key does not match public key',
    // Words of our own: CoreDNS prints a fault of formatting, and Go's reading of the file.
    'tls <KEY>': 'could not read root certs: no certificate in <KEY>',
    'tls <RESOLV> <KEY>': 'could not load TLS cert: tls: error:0480006C:PEM routines::no start line',
    tls_servername: wrongCount('tls_servername'),
  }
  for (const [property, problem] of Object.entries(bad)) {
    test(property, () =>
      assert.throws(
        () => stanzasOf(`forward . 1.1.1.1 {\n${property}\n}`),
        isCorefileError(`plugin/forward: Corefile:3 - Error during parsing: ${withFiles(problem)}`),
      ),
    )
  }

  const whole: Readonly<Record<string, string>> = {
    forward: wrongCount('forward'),
    'forward .': wrongCount('.'),
    'forward a..b 1.1.1.1': "unable to normalize 'a..b'",
    'forward x: 1.1.1.1': "unable to normalize 'x:'",
    'forward . 1.1.1.1 {\nmax_age 5s\n}': 'max_age (5s) must not be less than expire (10s)',
    'forward . tls://1.1.1.1%a.example {\ntls_servername b\n}':
      "both forward ('b') and proxy level ('a.example') TLS servernames are set for upstream proxy 'tls://1.1.1.1:853'",
  }
  for (const [stanza, problem] of Object.entries(whole)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(
        () => stanzasOf(stanza),
        isCorefileError(`plugin/forward: Corefile:2 - Error during parsing: ${problem}`),
      ),
    )
  }
})
