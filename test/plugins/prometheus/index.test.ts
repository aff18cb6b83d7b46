import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, type TestContext, test } from 'node:test'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import { Rcode } from '../../../src/dns/codes.ts'
import { errorReply, reply, silence } from '../../../src/dns/reply.ts'
import { HttpListener } from '../../../src/http.ts'
import type { Maybe } from '../../../src/maybe.ts'
import { Failure, type Next } from '../../../src/plugin.ts'
import { prometheus } from '../../../src/plugins/prometheus/index.ts'
import { createAuthority } from '../../../src/sandbox/certificate.ts'
import { blockOf, configOf, isCorefileError, mainContext, queryOf, recordLog, workerContext } from '../../context.ts'
import { samplesOf } from '../../samples.ts'

const end = new AbortController()
after(() => end.abort())

suite('stanzas', () => {
  const standard = { address: { host: 'localhost', port: 9153 }, runtime: false, webConfig: undefined }
  const good: Readonly<Record<string, unknown>> = {
    prometheus: standard,
    'prometheus {\n}': standard,
    'prometheus :9253': { ...standard, address: { host: '', port: 9253 } },
    'prometheus [::1]:9253 {\n  runtime_metrics\n}': {
      ...standard,
      address: { host: '::1', port: 9253 },
      runtime: true,
    },
    'prometheus {\n  tls /etc/web.yml\n}': { ...standard, webConfig: '/etc/web.yml' },
    'prometheus {\n  runtime_metrics\n  runtime_metrics\n}': { ...standard, runtime: true },
  }
  for (const [stanza, config] of Object.entries(good)) {
    test(JSON.stringify(stanza), () => assert.deepEqual(configOf(prometheus, stanza), config))
  }

  const bad: Readonly<Record<string, string>> = {
    'prometheus /foo': '2 - Error during parsing: address /foo: missing port in address',
    'prometheus {}': '2 - Error during parsing: address {}: missing port in address',
    'prometheus a b c': "2 - Error during parsing: Wrong argument count or unexpected line ending after 'c'",
    'prometheus {\n  runtime_metrics extra_arg\n}':
      "3 - Error during parsing: Wrong argument count or unexpected line ending after 'extra_arg'",
    'prometheus {\n  tls\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'tls'",
    'prometheus {\n  tls a b\n}': "3 - Error during parsing: Wrong argument count or unexpected line ending after 'b'",
    'prometheus {\n  tls a\n  tls\n}': '4 - Error during parsing: tls block already specified',
    'prometheus {\n  go_metrics\n}': '3 - Error during parsing: unknown option: go_metrics',
    'prometheus\nprometheus': '3 - Error during parsing: this plugin can only be used once per Server Block',
  }
  for (const [stanza, message] of Object.entries(bad)) {
    test(JSON.stringify(stanza), () =>
      assert.throws(() => configOf(prometheus, stanza), isCorefileError(`plugin/prometheus: Corefile:${message}`)),
    )
  }
})

suite('the handler', () => {
  const config = configOf(prometheus, 'prometheus')
  const keys = blockOf('', 'example.org b.example.org 10.0.0.0/24').keys
  /** The samples of the responses that were counted while a question went through a chain of it and `next`. */
  async function counted(question: string, next: Next): Promise<{ readonly labels: string; readonly result: unknown }> {
    const handler = prometheus.handler?.(config, workerContext({ keys }))
    const before = samplesOf('coredns_dns_responses_total')
    let result: unknown
    try {
      result = await (handler as NonNullable<typeof handler>)(queryOf(question), next)
    } catch (error) {
      result = error
    }
    const labels = Object.entries(samplesOf('coredns_dns_responses_total'))
      .filter(([name, count]) => count === (before[name] ?? 0) + 1)
      .map(([name]) => name.replace('server="dns://:53",', '').replace('view="",', ''))
    return { labels: labels.join(' '), result }
  }

  const answer = reply({ plugin: 'whoami' })
  const failure = new Failure('no upstream', errorReply(Rcode.REFUSED))
  const fault = new TypeError('x is not a function')
  const raise = (error: Error) => (): never => {
    throw error
  }
  const later = (error: Error) => (): Maybe<never> => Promise.reject(error)
  const cases: readonly (readonly [question: string, title: string, next: Next, labels: string, result: unknown])[] = [
    ['example.org A', 'at once', () => answer, 'zone="example.org.",rcode="NOERROR",plugin="whoami"', answer],
    ['a.b.EXAMPLE.org A', 'later', async () => answer, 'zone="b.example.org.",rcode="NOERROR",plugin="whoami"', answer],
    [
      '1.0.0.10.in-addr.arpa PTR',
      'silence',
      () => silence,
      'zone="0.0.10.in-addr.arpa.",rcode="NOERROR",plugin=""',
      silence,
    ],
    ['example.net A', 'outside, by an alias', () => answer, 'zone=".",rcode="NOERROR",plugin="whoami"', answer],
    ['example.org A', 'a failure', raise(failure), 'zone="example.org.",rcode="REFUSED",plugin=""', failure],
    ['example.org A', 'a failure, later', later(failure), 'zone="example.org.",rcode="REFUSED",plugin=""', failure],
    ['example.org A', 'a fault', raise(fault), 'zone="example.org.",rcode="SERVFAIL",plugin=""', fault],
    ['example.org A', 'a fault, later', later(fault), 'zone="example.org.",rcode="SERVFAIL",plugin=""', fault],
  ]
  for (const [question, title, next, labels, result] of cases) {
    test(`${question}: ${title}`, async () => assert.deepEqual(await counted(question, next), { labels, result }))
  }
  test('takes the time', async () => {
    const handler = prometheus.handler?.(config, workerContext({ keys: blockOf('', 'slow.example').keys }))
    await handler?.(queryOf('slow.example A'), async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return answer
    })
    assert.deepEqual(
      Object.entries(samplesOf('coredns_dns_request_duration_seconds')).filter(([labels]) => labels.includes('slow')),
      [['server="dns://:53",zone="slow.example.",view=""', 1]],
    )
  })
})

suite('the page', () => {
  async function begin(stanza: string) {
    const listener = await HttpListener.open('127.0.0.1', 0, end.signal)
    const keys: string[] = []
    const share = <T>(key: string): T => {
      keys.push(key)
      return Promise.resolve(listener) as T
    }
    await prometheus.background?.(configOf(prometheus, stanza), mainContext(end.signal, { share }))
    const response = await fetch(`http://127.0.0.1:${listener.port}/metrics`)
    return { keys, status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  test('has the metrics of all plugins and of the process', async () => {
    const { keys, status, type, text } = await begin('prometheus')
    assert.deepEqual(keys, ['http localhost:9153'])
    assert.equal(status, 200)
    assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8')
    assert.match(text, /^coredns_build_info\{goversion="v\d[^"]*",revision="",version="\d+\.\d+\.\d+"\} 1$/m)
    assert.match(text, /^coredns_panics_total 0$/m)
    assert.match(text, /^process_cpu_seconds_total /m)
    assert.doesNotMatch(text, /^nodejs_/m)
  })
  test('and those of the engine where they are asked for', async () => {
    assert.match((await begin('prometheus {\n  runtime_metrics\n}')).text, /^nodejs_eventloop_lag_seconds /m)
  })
  test('an address that is taken is an error', async () => {
    const { port } = await HttpListener.open('127.0.0.1', 0, end.signal)
    const config = configOf(prometheus, `prometheus 127.0.0.1:${port}`)
    await assert.rejects(async () => prometheus.background?.(config, mainContext(end.signal)), {
      message: `listen tcp 127.0.0.1:${port}: bind: address already in use`,
    })
  })
})

suite('the page by TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'web.yml')
  const authority = createAuthority()
  const stranger = createAuthority()
  const write = (more: string) => {
    const { certificate, key } = authority.issueServer(['127.0.0.1'])
    writeFileSync(join(folder, 'cert.pem'), certificate)
    writeFileSync(join(folder, 'key.pem'), key)
    writeFileSync(join(folder, 'ca.pem'), authority.certificate)
    writeFileSync(file, `tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n${more}`)
  }
  /** The status of the page for a client with these settings, and the serial number of the server's certificate. */
  async function get(port: number, client: SecureContextOptions = {}) {
    const sent = request({
      host: '127.0.0.1',
      port,
      path: '/metrics',
      agent: false,
      ca: authority.certificate,
      ...client,
    })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
    return { status: response.statusCode, serialNumber }
  }
  async function begin(t: TestContext) {
    const stop = new AbortController()
    t.after(() => stop.abort())
    const opened = Promise.withResolvers<HttpListener>()
    const share = <T>(key: string, make: (signal: AbortSignal) => T): T => {
      assert.equal(key, 'https 127.0.0.1:0')
      const made = make(stop.signal)
      opened.resolve(made as unknown as Promise<HttpListener>)
      return made
    }
    const { log, lines } = recordLog()
    const config = configOf(prometheus, `prometheus 127.0.0.1:0 {\n  tls ${file}\n}`)
    await prometheus.background?.(config, mainContext(stop.signal, { share, log: log.plugin('prometheus') }))
    return { port: (await opened.promise).port, lines }
  }

  const client = (of: typeof authority) => {
    const { certificate, key } = of.issueClient({ commonName: 'prometheus' })
    return { cert: certificate, key }
  }
  const own = client(authority)
  const strange = client(stranger)
  const policies: Readonly<Record<string, readonly [without: boolean, strange: boolean, own: boolean]>> = {
    NoClientCert: [true, true, true],
    RequestClientCert: [true, true, true],
    RequireAnyClientCert: [false, true, true],
    VerifyClientCertIfGiven: [true, false, true],
    RequireAndVerifyClientCert: [false, false, true],
  }
  for (const [policy, [withoutOne, withStrange, withOwn]] of Object.entries(policies)) {
    test(policy, async (t) => {
      write(`  client_auth_type: ${policy}\n${policy === 'NoClientCert' ? '' : '  client_ca_file: ca.pem\n'}`)
      const { port } = await begin(t)
      for (const [title, settings, expected] of [
        ['without', {}, withoutOne],
        ['strange', strange, withStrange],
        ['own', own, withOwn],
      ] as const) {
        const got = await get(port, settings).then(
          ({ status }) => status === 200,
          () => false,
        )
        assert.equal(got, expected, title)
      }
    })
  }

  test('a new certificate is taken up, a bad one is told of once', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    write('')
    const { port, lines } = await begin(t)
    const first = await get(port)
    write('')
    t.mock.timers.tick(10_000)
    const second = await get(port)
    assert.notEqual(second.serialNumber, first.serialNumber)
    writeFileSync(join(folder, 'key.pem'), 'no key')
    t.mock.timers.tick(10_000)
    t.mock.timers.tick(10_000)
    assert.equal((await get(port)).serialNumber, second.serialNumber)
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^\[ERROR\] plugin\/prometheus: the old certificate stays: /)
  })

  test('a file that is not there is an error', async () => {
    const config = configOf(prometheus, 'prometheus 127.0.0.1:0 {\n  tls /nowhere/web.yml\n}')
    await assert.rejects(
      async () => prometheus.background?.(config, mainContext(end.signal)),
      /TLS config file \/nowhere\/web.yml: failed to read it/,
    )
  })
})
