// The Corefiles that clusters come with (test/fixtures/corefiles) are taken as they are.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCorefile, setUpCorefile } from '../../src/cli/corefile.ts'
import { CorefileError } from '../../src/corefile/directive.ts'
import { fileSource } from '../../src/corefile/load.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { printName } from '../../src/dns/name.ts'
import { knownDirectives, plugins } from '../../src/plugins/index.ts'

const root = fileURLToPath(new URL('../fixtures/corefiles', import.meta.url))

const stock = 'reload ready health prometheus errors loadbalance cache kubernetes loop forward'
const local = 'reload bind prometheus errors cache loop forward'

/** The server blocks of each, with their plugins in the order in which a query meets them. */
const expected: Readonly<Record<string, readonly (readonly [keys: string, chain: string])[]>> = {
  aks: [
    ['.:53', 'reload ready health prometheus errors loadbalance cache template hosts kubernetes loop forward'],
    ['corp.example.:53', 'forward'],
  ],
  eks: [['.:53', stock]],
  gardener: [['.:8053', 'reload ready health prometheus errors log loadbalance rewrite cache kubernetes loop forward']],
  k3s: [
    ['.:53', 'reload ready health prometheus errors log loadbalance cache hosts kubernetes loop forward'],
    ['corp.example.:53', 'errors cache forward'],
  ],
  kind: [['.:53', stock]],
  kubeadm: [['.:53', stock]],
  'kubeadm-1.27': [['.:53', stock]],
  microk8s: [['.:53', 'reload ready health prometheus errors log loadbalance cache kubernetes loop forward']],
  minikube: [['.:53', 'reload ready health prometheus errors log loadbalance cache hosts kubernetes loop forward']],
  nodelocaldns: [
    ['cluster.local.:53', 'reload bind health prometheus errors cache loop forward'],
    ['in-addr.arpa.:53', local],
    ['ip6.arpa.:53', local],
    ['.:53', local],
    ['corp.example.:53', 'bind errors cache forward'],
  ],
  observed: [
    ['.:53', 'reload trace ready health pprof prometheus errors dnstap loadbalance cache kubernetes loop forward'],
  ],
  openshift: [
    ['.:5353', 'reload bufsize ready health prometheus errors log cache kubernetes forward'],
    ['hostname.bind.:5353', 'chaos'],
  ],
  'openshift-servers': [
    ['corp.example.:5353 partner.example.:5353', 'bufsize prometheus errors log cache forward'],
    ['secure.example.:5353', 'bufsize prometheus errors log cache forward'],
    ['.:5353', 'reload bufsize ready health prometheus errors log cache kubernetes forward'],
    ['hostname.bind.:5353', 'chaos'],
  ],
  rke2: [['.:53', stock]],
  'stub-domains': [
    ['.:53', 'reload ready health prometheus errors loadbalance cache hosts kubernetes loop forward'],
    ['acme.example.:53', 'errors cache forward'],
    ['corp.example.:53 150.10.in-addr.arpa.:53', 'errors cache forward'],
  ],
}

/** Its text, with this folder in the place of the pod's. */
function textOf(name: string, folder: string = join(root, name)): string {
  return readFileSync(join(root, name, 'Corefile'), 'utf8').replaceAll('/etc/coredns', folder)
}

/** The directives in a text that only CoreDNS has, so far. */
function missingIn(text: string, file: string): string[] {
  const directives = {
    supported: knownDirectives.supported.union(knownDirectives.missing),
    missing: new Set<string>(),
  }
  const blocks = parseCorefile(text, fileSource({ file, port: 53, warn: () => undefined, directives }))
  const names = blocks.flatMap((block) => block.directives.map((directive) => directive.name))
  return [...new Set(names)].filter((name) => knownDirectives.missing.has(name))
}

suite('stock Corefiles', () => {
  const folders = readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory())

  test('there is one of each', () => assert.deepEqual(folders.sort(), Object.keys(expected).sort()))

  for (const [name, blocks] of Object.entries(expected)) {
    const file = join(root, name, 'Corefile')
    const missing = missingIn(textOf(name), file)
    const options = missing.length === 0 ? {} : { skip: `lacks ${missing.join(', ')}` }

    test(name, options, () => {
      const warnings: string[] = []
      const warn = (message: string) => warnings.push(message)
      checkCorefile(textOf(name), { file, port: 53, warn })
      assert.deepEqual(warnings, [])
      // Its addresses are those of another host.
      const text = name === 'nodelocaldns' ? textOf(name).replace(/bind .*/g, 'bind 127.0.0.1') : textOf(name)
      const setups = setUpCorefile(text, { file, port: 53, warn })
      const told = setups.map(({ keys, plugins: chain }) => [
        keys.map((key) => `${printName(key.zone)}:${key.port}`).join(' '),
        chain.map((part) => part.name).join(' '),
      ])
      assert.deepEqual(told, blocks)
    })
  }

  test('what is not there to be imported is no error', (t) => {
    const missing = missingIn(textOf('k3s', '/nowhere'), '/nowhere/Corefile')
    if (missing.length > 0) return t.skip(`lacks ${missing.join(', ')}`)
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    const blocks = setUpCorefile(textOf('k3s', '/nowhere'), { file: '/nowhere/Corefile', port: 53, warn })
    assert.equal(blocks.length, 1)
    assert.equal(warnings.length, 2)
    for (const warning of warnings) assert.match(warning, /^No files matching import glob pattern: \/nowhere\/custom/)
  })
})

suite('what we lack', () => {
  for (const name of knownDirectives.missing) {
    test(`${name} is an error that names it`, () => {
      const warn = (message: string) => assert.fail(message)
      assert.throws(
        () => setUpCorefile(`. {\n    errors\n    ${name}\n}\n`, { file: 'Corefile', port: 53, warn }),
        (error) => {
          assert(error instanceof CorefileError)
          assert.match(error.message, new RegExp(`^Corefile:3 - .*'${name}'`))
          return true
        },
      )
    })
  }
})

suite('what only observes', () => {
  for (const name of ['pprof', 'trace', 'dnstap']) {
    test(`${name} is taken, and no query meets it`, () => {
      const plugin = plugins.find((candidate) => candidate.name === name)
      assert(plugin !== undefined)
      assert.equal(plugin.handler, undefined)
    })
  }
})
