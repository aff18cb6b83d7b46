// The Corefiles that clusters come with (test/fixtures/corefiles) are taken as they are.
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { checkCorefile, setUpCorefile } from '../../src/cli/corefile.ts'
import { CorefileError } from '../../src/corefile/directive.ts'
import { printName } from '../../src/dns/name.ts'
import { knownDirectives, plugins } from '../../src/plugins/index.ts'
import { lackedBy, stockFolder, stockText } from '../stock-corefiles.ts'

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

suite('stock Corefiles', () => {
  const folders = readdirSync(stockFolder).filter((name) => statSync(join(stockFolder, name)).isDirectory())

  test('there is one of each', () => assert.deepEqual(folders.sort(), Object.keys(expected).sort()))

  for (const [name, blocks] of Object.entries(expected)) {
    test(name, lackedBy(name), () => {
      const file = join(stockFolder, name, 'Corefile')
      const warnings: string[] = []
      const warn = (message: string) => warnings.push(message)
      checkCorefile(stockText(name), { file, port: 53, warn })
      assert.deepEqual(warnings, [])
      // Its addresses are those of another host.
      const text = name === 'nodelocaldns' ? stockText(name).replace(/bind .*/g, 'bind 127.0.0.1') : stockText(name)
      const setups = setUpCorefile(text, { file, port: 53, warn })
      const told = setups.map(({ keys, plugins: chain }) => [
        keys.map((key) => `${printName(key.zone)}:${key.port}`).join(' '),
        chain.map((part) => part.name).join(' '),
      ])
      assert.deepEqual(told, blocks)
    })
  }

  test('what is not there to be imported is no error', lackedBy('k3s'), () => {
    const warnings: string[] = []
    const warn = (message: string) => warnings.push(message)
    const blocks = setUpCorefile(stockText('k3s', '/nowhere'), { file: '/nowhere/Corefile', port: 53, warn })
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
