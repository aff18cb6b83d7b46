// Zones are handed over to Knot, which then has them record by record, and to dig and kdig.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeSoa } from '../../src/dns/rdata.ts'
import { printRecords } from '../../src/dns/text.ts'
import { createAuthority } from '../../src/sandbox/certificate.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { freePort } from '../server/ask.ts'
import { transferFrom } from '../server/axfr.ts'
import { folderFor, serve } from '../server/process.ts'

const fixtures = fileURLToPath(new URL('../fixtures/cluster', import.meta.url))
const lacking = ['knotd', 'knotc', 'kdig', 'dig'].filter((program) => spawnSync('which', [program]).status !== 0)
const options = {
  skip: lacking.length > 0 ? `no ${lacking.join(', ')} here (Debian: knot, knot-dnsutils, dnsutils)` : false,
}

const delvOptions =
  spawnSync('which', ['delv']).status === 0 ? options : { skip: 'no delv here (Debian: bind9-dnsutils)' }

const hosts = Array.from({ length: 12_000 }, (_, i) => `host-${i} A 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
const zone = (serial: number, more: string) => `$TTL 300
@       SOA ns1 admin ${serial} 3600 600 604800 60
        NS  ns1
        NS  ns.elsewhere.test.
        MX  10 Mail
        TXT "v=spf1 -all" "\\195\\188;\\"" "${'x'.repeat(200)}"
        CAA 0 issue "ca.test"
        DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
ns1     A   192.0.2.53
        AAAA 2001:db8::53
Mail    A   192.0.2.25
_sip._tcp SRV 0 5 5060 mail
svc     HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1
strange TYPE731 \\# 2 abcd
naptr   NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp
key     SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
_443._tcp TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
has\\.dot.and\\032space A 192.0.2.60
*.wild  CNAME www
sub     NS  ns.sub
        DS  12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.sub  A   192.0.2.54
old     DNAME new
rp      RP  admin txt
uri     URI 10 1 "https://example.org/"
${more}
`

/** Records as sorted lines, names in lower case, as Knot keeps them. */
async function linesFrom(port: number, origin: string): Promise<string[]> {
  const { records } = await transferFrom(port, `${origin}. AXFR`)
  return [...new Set(records.flatMap(printRecords).map(lowerNames))].sort()
}

/** All but what stands in quotes. */
const lowerNames = (line: string): string =>
  line.replace(/"(?:[^"\\]|\\.)*"|[A-Z]+/g, (part) => (part.startsWith('"') ? part : part.toLowerCase()))

interface Knot {
  readonly port: number
  control(...args: readonly string[]): string
  log(): string
}

/** A server of these zones, each with the lines of its configuration that say where it comes from. */
async function startKnot(t: TestContext, zones: Readonly<Record<string, string>>, primary = 1): Promise<Knot> {
  const folder = folderFor(t)
  const port = await freePort()
  const config = join(folder, 'knot.conf')
  mkdirSync(join(folder, 'zones'))
  writeFileSync(
    config,
    `server:
    rundir: ${folder}
    listen: 127.0.0.1@${port}
log:
  - target: stdout
    any: info
database:
    storage: ${folder}
remote:
  - id: primary
    address: 127.0.0.1@${primary}
acl:
  - id: local
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: ${folder}/zones
zone:
${Object.entries(zones)
  .map(([name, from]) => `  - domain: ${name}\n    acl: local\n    ${from}\n`)
  .join('')}`,
  )
  const child = spawn('knotd', ['-c', config], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'exit')
  t.after(async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await ended
  })
  return {
    port,
    control: (...args) => execFileSync('knotc', ['-c', config, ...args], { encoding: 'utf8' }),
    log: () => output,
  }
}

/** What Knot says of a zone's records; nothing where it is content. */
function checkZone(t: TestContext, origin: string, lines: readonly string[]): string {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'zone'), `${lines.join('\n')}\n`)
  writeFileSync(
    join(folder, 'knot.conf'),
    `server:
    rundir: ${folder}
database:
    storage: ${folder}
zone:
  - domain: ${origin}
    file: ${folder}/zone
    semantic-checks: on
`,
  )
  const { stdout, stderr, status } = spawnSync('knotc', ['-c', join(folder, 'knot.conf'), 'zone-check'], {
    encoding: 'utf8',
  })
  return status === 0 ? stdout + stderr : `${stdout}${stderr}status ${status}`
}

async function until(what: string, is: () => Promise<boolean> | boolean, told: () => string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await is()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`${what}: ${told()}`)
}

test('zones of a cluster and of a file are handed over to Knot', options, async (t) => {
  const sandbox = await startSandbox({ manifests: [fixtures], clusterDomain: 'cluster.local' })
  t.after(() => sandbox.close())
  await sandbox.settled()
  const folder = folderFor(t)
  sandbox.writeKubeconfig(join(folder, 'kubeconfig'))
  writeFileSync(join(folder, 'db'), zone(1, ''))
  writeFileSync(join(folder, 'large'), zone(1, hosts.join('\n')))
  const program = await serve(
    t,
    `. {
    transfer {
        to 127.0.0.1
    }
    kubernetes cluster.local in-addr.arpa {
        kubeconfig ${folder}/kubeconfig
    }
    file ${folder}/db example.org {
        reload 100ms
    }
    file ${folder}/large large.test
}
`,
  )
  const zones = ['cluster.local', 'in-addr.arpa', 'example.org', 'large.test']
  const knot = await startKnot(t, Object.fromEntries(zones.map((origin) => [origin, 'master: primary'])), program.port)
  const serialAt = async (port: number, origin: string) => {
    const { records } = await transferFrom(port, `${origin}. AXFR`)
    const [soa] = records
    return soa === undefined ? undefined : decodeSoa(soa.rdatas[0] ?? assert.fail()).serial
  }
  const isEqual = async (origin: string) => {
    const serial = await serialAt(knot.port, origin).catch(() => undefined)
    return serial !== undefined && serial === (await serialAt(program.port, origin))
  }

  for (const origin of zones) {
    await t.test(`${origin} is in Knot, record by record`, async () => {
      await until(`${origin} in Knot`, () => isEqual(origin), knot.log)
      const ours = await linesFrom(program.port, origin)
      assert.deepEqual(await linesFrom(knot.port, origin), ours)
      assert.ok(ours.length > 20)
    })
  }

  for (const origin of ['cluster.local', 'in-addr.arpa', 'large.test']) {
    await t.test(`Knot finds nothing wrong with ${origin}`, async () => {
      const { records } = await transferFrom(program.port, `${origin}. AXFR`)
      const lines = records.slice(0, -1).flatMap(printRecords)
      assert.equal(checkZone(t, origin, lines), '')
      // What it is to find, it finds.
      assert.notEqual(checkZone(t, origin, [...lines, `${origin}. 5 IN CNAME elsewhere.test.`]), '')
    })
  }

  await t.test('Knot reads the same in the file as we do', async (t) => {
    const reader = await startKnot(t, { 'example.org': `file: ${folder}/db` })
    await until(
      'example.org in Knot',
      async () => (await serialAt(reader.port, 'example.org').catch(() => 0)) === 1,
      reader.log,
    )
    assert.deepEqual(await linesFrom(reader.port, 'example.org'), await linesFrom(program.port, 'example.org'))
  })

  await t.test('a zone that has not changed is not handed over again', async () => {
    const before = program.output().split('Outgoing transfer of').length
    knot.control('-b', 'zone-refresh', 'example.org')
    assert.equal(program.output().split('Outgoing transfer of').length, before)
  })

  await t.test('a cluster that has changed is', async () => {
    sandbox.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'new', namespace: 'default' },
        spec: { clusterIP: '10.96.200.1', ports: [{ name: 'http', port: 80 }] },
      }),
    )
    const added = 'new.default.svc.cluster.local. 5 in a 10.96.200.1'
    await until(
      'the service',
      async () => (await linesFrom(program.port, 'cluster.local')).includes(added),
      program.output,
    )
    const refreshed = async () => {
      knot.control('-b', 'zone-refresh', 'cluster.local')
      return (await linesFrom(knot.port, 'cluster.local')).includes(added)
    }
    await until('the service in Knot', refreshed, knot.log)
    assert.deepEqual(await linesFrom(knot.port, 'cluster.local'), await linesFrom(program.port, 'cluster.local'))
  })

  await t.test('a file that has changed is', async () => {
    writeFileSync(join(folder, 'db.new'), zone(2, 'new TXT x'))
    renameSync(join(folder, 'db.new'), join(folder, 'db'))
    await until('the serial', async () => (await serialAt(program.port, 'example.org')) === 2, program.output)
    knot.control('-b', 'zone-refresh', 'example.org')
    const lines = await linesFrom(knot.port, 'example.org')
    assert.ok(lines.includes('new.example.org. 300 in txt "x"'))
    assert.deepEqual(lines, await linesFrom(program.port, 'example.org'))
  })

  await t.test('kdig has a zone by TLS (RFC 9103)', async (t) => {
    const { certificate, key } = createAuthority().issueServer(['127.0.0.1'])
    writeFileSync(join(folder, 'certificate'), certificate)
    writeFileSync(join(folder, 'key'), key)
    const port = await freePort()
    const stanzas = `tls ${folder}/certificate ${folder}/key\n transfer {\n to *\n }\n file ${folder}/large large.test`
    const secure = await serve(t, `tls://large.test:${port} {\n bind 127.0.0.1\n ${stanzas}\n}\n`)
    const args = ['@127.0.0.1', '-p', String(port), '+tls', 'large.test', 'AXFR']
    const lines = execFileSync('kdig', args, { encoding: 'utf8' }).split('\n')
    assert.equal(lines.filter((line) => line !== '' && !line.startsWith(';')).length, 12_025, secure.output())
  })

  const at = ['@127.0.0.1', '-p', String(program.port)]
  const asked = (command: string, ...args: readonly string[]) =>
    execFileSync(command, [...at, ...args], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(';'))

  for (const command of ['dig', 'kdig']) {
    await t.test(`${command} has a zone with AXFR, and with IXFR what is new`, () => {
      assert.equal(asked(command, 'large.test', 'AXFR').length, 12_025)
      assert.equal(asked(command, 'example.org', 'IXFR=1').length, 26)
      assert.equal(asked(command, '+tcp', 'example.org', 'IXFR=2').length, 1)
    })
  }
})

const nsdOptions =
  spawnSync('which', ['nsd']).status === 0 && spawnSync('which', ['dig']).status === 0
    ? {}
    : { skip: 'no nsd or dig here (Debian: nsd, dnsutils)' }

test('NSD asks by UDP for what has changed, and comes by TCP', nsdOptions, async (t) => {
  const folder = folderFor(t)
  const text = (serial: number, more: string) =>
    `$TTL 300\n@ SOA ns a ${serial} 3600 600 604800 60\n@ NS ns\nns A 192.0.2.1\n${more}`
  writeFileSync(join(folder, 'db'), text(1, ''))
  const program = await serve(
    t,
    `. {\n transfer {\n to 127.0.0.1\n }\n log\n file ${folder}/db example.org {\n reload 100ms\n }\n}\n`,
  )
  const port = await freePort()
  const config = join(folder, 'nsd.conf')
  writeFileSync(
    config,
    `server:
  ip-address: 127.0.0.1@${port}
  zonesdir: "${folder}"
  username: ""
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
remote-control:
  control-enable: yes
  control-interface: ${folder}/nsd.sock
zone:
  name: example.org
  request-xfr: UDP 127.0.0.1@${program.port} NOKEY
  provide-xfr: 127.0.0.1 NOKEY
  zonefile: secondary
`,
  )
  const child = spawn('nsd', ['-d', '-c', config], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'exit')
  t.after(async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    await ended
  })
  const serialIs = (serial: number) => {
    const { stdout } = spawnSync(
      'dig',
      ['@127.0.0.1', '-p', String(port), '+short', '+tries=1', 'example.org', 'SOA'],
      { encoding: 'utf8' },
    )
    return stdout.includes(` ${serial} 3600 `)
  }
  await until(
    'the zone',
    () => serialIs(1),
    () => output,
  )
  writeFileSync(join(folder, 'db.new'), text(2, 'new A 192.0.2.2\n'))
  renameSync(join(folder, 'db.new'), join(folder, 'db'))
  await program.printed(/Successfully reloaded zone/)
  execFileSync('nsd-control', ['-c', config, 'transfer', 'example.org'])
  await until(
    'the changed zone',
    () => serialIs(2),
    () => output + program.output(),
  )
  // Log lines come a little later than replies.
  await program.printed(/"IXFR IN example.org. udp .*NOERROR.*\n(.*\n)*.*"IXFR IN example.org. tcp .*NOERROR/)
  assert.deepEqual(await linesFrom(port, 'example.org'), await linesFrom(program.port, 'example.org'))
})

/** Zone data that Knot has signed, as a master file. */
async function signedZone(t: TestContext, text: string): Promise<string> {
  const file = join(folderFor(t), 'db')
  writeFileSync(file, text)
  const signer = await startKnot(t, { 'example.org': `file: ${file}\n    dnssec-signing: on` })
  const kdig = () => {
    const args = ['@127.0.0.1', '-p', String(signer.port), '+noall', '+answer', 'example.org', 'AXFR']
    return spawnSync('kdig', args, { encoding: 'utf8' }).stdout
  }
  await until('a signed zone', () => kdig().includes('NSEC'), signer.log)
  const lines = kdig()
    .split('\n')
    .filter((line) => !line.startsWith(';'))
  // The SOA record is there twice.
  const isSoa = (line: string) => /\sSOA\s/.test(line) && !line.includes('RRSIG')
  const last = lines.findLastIndex(isSoa)
  return lines.filter((_, i) => i !== last).join('\n')
}

test('whoever checks the signatures of a signed zone is satisfied', delvOptions, async (t) => {
  const text = await signedZone(
    t,
    zone(1, 'www A 192.0.2.80\na.ent A 192.0.2.81\nwww.new A 192.0.2.82\nunsigned NS ns.elsewhere.test.'),
  )
  const folder = folderFor(t)
  writeFileSync(join(folder, 'db'), text)
  const key = /\sDNSKEY\s+(257 3 \d+) (.*)/.exec(text)
  assert.ok(key)
  writeFileSync(
    join(folder, 'anchors'),
    `trust-anchors { example.org. static-key ${key[1]} "${key[2]?.replaceAll(' ', '')}"; };\n`,
  )
  const program = await serve(t, `. {\n file ${folder}/db example.org\n}\n`)
  for (const [question, expected] of [
    ['example.org SOA', /^; fully validated\nexample.org.\s.*SOA/],
    ['example.org DNSKEY', /^; fully validated\n/],
    ['www.example.org A', /^; fully validated\nwww.example.org.\s.*192.0.2.80/],
    ['www.example.org AAAA', /^; negative response, fully validated\n.*NXRRSET/],
    ['nothing.example.org A', /^; negative response, fully validated\n.*NXDOMAIN/],
    ['x.y.nothing.example.org A', /^; negative response, fully validated\n.*NXDOMAIN/],
    ['ent.example.org A', /^; negative response, fully validated\n.*NXRRSET/],
    ['sub.example.org DS', /^; fully validated\nsub/],
    ['unsigned.example.org DS', /^; negative response, fully validated\n.*NXRRSET/],
    ['x.wild.example.org A', /^; fully validated\nx.wild.*CNAME\twww.*\n.*RRSIG.*192.0.2.80/s],
    ['x.y.wild.example.org CNAME', /^; fully validated\nx.y.wild.*CNAME\twww/],
    ['x.wild.example.org DS', /^; (negative response, )?fully validated\n/],
    ['_sip._tcp.example.org SRV', /^; fully validated\n/],
    ['www.old.example.org A', /^; fully validated\n.*DNAME\tnew.*192.0.2.82/s],
  ] as const) {
    await t.test(question, () => {
      const args = [
        '-a',
        `${folder}/anchors`,
        '+root=example.org',
        '@127.0.0.1',
        '-p',
        String(program.port),
        ...question.split(' '),
      ]
      const { stdout, stderr } = spawnSync('delv', args, { encoding: 'utf8' })
      assert.match(stdout, expected, stdout + stderr)
    })
  }
})
