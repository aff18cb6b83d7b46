// Which stanzas are taken, and what is said of the others: CoreDNS's words but where a comment says so.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { printName } from '../../../src/dns/name.ts'
import { kubernetes } from '../../../src/plugins/kubernetes/index.ts'
import { configOf, isCorefileError } from '../../context.ts'

suite('taken', () => {
  for (const [stanza, expected] of [
    ['kubernetes', { zones: ['.'], ttl: 5, pods: 'disabled', startupTimeout: 5000, from: 'cluster' }],
    ['kubernetes Cluster.Local', { zones: ['cluster.local.'], primary: 'cluster.local.' }],
    // The longest zone is looked at first; the first that is no reverse zone is where PTR records lead.
    [
      'kubernetes b.org cluster.local 10.0.0.0/8',
      { zones: ['10.in-addr.arpa.', 'cluster.local.', 'b.org.'], primary: 'b.org.' },
    ],
    ['kubernetes cluster.local {\n endpoint http://a:1 http://b:2\n }', { from: 'endpoint', warnings: 1 }],
    ['kubernetes cluster.local {\n endpoint https://a\n tls c k ca\n }', { from: 'endpoint' }],
    ['kubernetes cluster.local {\n kubeconfig f\n endpoint http://a\n }', { from: 'kubeconfig' }],
    ['kubernetes cluster.local {\n kubeconfig f context\n }', { from: 'kubeconfig' }],
    ['kubernetes cluster.local {\n namespaces a b\n namespaces c\n }', { namespaces: ['a', 'b', 'c'] }],
    ['kubernetes cluster.local {\n labels app in (a, b),!x\n }', { labels: 'app in (a, b),!x' }],
    ['kubernetes cluster.local {\n namespace_labels tier=shown\n }', { namespaceLabels: 'tier=shown' }],
    ['kubernetes cluster.local {\n pods verified\n }', { pods: 'verified', kinds: 4 }],
    // Labels of pods are kept where something of the block asks for them.
    ['log . "{/kubernetes/client-label/app}"\n kubernetes cluster.local {\n pods verified\n }', { podLabels: true }],
    [
      "kubernetes cluster.local {\n pods verified\n }\n view v {\n expr metadata('kubernetes/client-label/app') == 'x'\n }",
      { podLabels: true },
    ],
    ['log . "{/kubernetes/client-pod-name}"\n kubernetes cluster.local {\n pods verified\n }', { podLabels: false }],
    ['log . "{/kubernetes/client-label/app}"\n kubernetes cluster.local', { podLabels: false }],
    ['kubernetes cluster.local {\n noendpoints\n }', { kinds: 2 }],
    ['kubernetes cluster.local {\n multicluster\n }', { kinds: 3 }],
    ['kubernetes b.org a.org {\n multicluster b.org\n }', { kinds: 5, primary: 'a.org.' }],
    ['kubernetes b.org {\n multicluster b.org\n }', { kinds: 5, primary: 'b.org.' }],
    ['kubernetes cluster.local {\n ttl 0\n }', { ttl: 0 }],
    ['kubernetes cluster.local {\n ttl 3600 and more\n }', { ttl: 3600 }],
    ['kubernetes cluster.local {\n fallthrough\n }', { fallthrough: ['.'] }],
    ['kubernetes cluster.local {\n fallthrough a.org 10.0.0.0/8\n }', { fallthrough: ['a.org.', '10.in-addr.arpa.'] }],
    ['kubernetes cluster.local {\n ignore empty_service\n }', { ignoreEmptyService: true }],
    ['kubernetes cluster.local {\n ignore\n }', { ignoreEmptyService: false }],
    ['kubernetes cluster.local {\n startup_timeout 1m30s\n }', { startupTimeout: 90_000 }],
    ['kubernetes cluster.local', { staleAfter: 60_000, terminatingEndpoints: false }],
    ['kubernetes cluster.local {\n stale_after 0s\n }', { staleAfter: 0 }],
    [
      'kubernetes cluster.local {\n stale_after 5m\n terminating_endpoints\n }',
      { staleAfter: 300_000, terminatingEndpoints: true },
    ],
    ['kubernetes cluster.local {\n apiserver_qps 0.5\n apiserver_burst 1\n apiserver_max_inflight 0\n }', {}],
    [
      'kubernetes cluster.local {\n snapshot /var/lib/clusterdns/snapshot\n }',
      { snapshot: '/var/lib/clusterdns/snapshot' },
    ],
  ] as const) {
    test(stanza.replaceAll('\n', ''), () => {
      const options = configOf(kubernetes, stanza)
      const { cluster } = options
      const told: Readonly<Record<string, unknown>> = {
        ...options,
        zones: options.zones.map(({ name }) => printName(name)),
        primary: printName(options.primary),
        fallthrough: options.fallthrough.map(printName),
        warnings: options.warnings.length,
        from: cluster.connection.from,
        labels: cluster.labelSelector,
        namespaceLabels: cluster.namespaceSelector,
        kinds: cluster.kinds.length,
        snapshot: cluster.snapshot,
        podLabels: cluster.podLabels,
      }
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(told[name], value, name)
    })
  }
})

suite('refused', () => {
  const wrong = (word: string) => `Wrong argument count or unexpected line ending after '${word}'`
  for (const [stanza, line, problem] of [
    ['kubernetes 10.0.0.0/8', 2, 'non-reverse zone name must be used'],
    ['kubernetes a.org\nkubernetes b.org', 3, 'this plugin can only be used once per Server Block'],
    ['kubernetes a.org {\n nope\n }', 3, "unknown property 'nope'"],
    ['kubernetes a.org {\n upstream\n }', 3, "unknown property 'upstream'"],
    ['kubernetes a.org {\n endpoint\n }', 3, wrong('endpoint')],
    ['kubernetes a.org {\n tls a b\n }', 3, wrong('b')],
    ['kubernetes a.org {\n kubeconfig\n }', 3, wrong('kubeconfig')],
    ['kubernetes a.org {\n kubeconfig a b c\n }', 3, wrong('c')],
    ['kubernetes a.org {\n namespaces\n }', 3, wrong('namespaces')],
    [
      'kubernetes a.org {\n namespaces a\n namespace_labels b\n }',
      2,
      'namespaces and namespace_labels cannot both be set',
    ],
    ['kubernetes a.org {\n labels\n }', 3, wrong('labels')],
    ['kubernetes a.org {\n pods\n }', 3, wrong('pods')],
    [
      'kubernetes a.org {\n pods some\n }',
      3,
      'wrong value for pods: some,  must be one of: disabled, verified, insecure',
    ],
    ['kubernetes a.org {\n endpoint_pod_names x\n }', 3, wrong('x')],
    ['kubernetes a.org {\n ttl\n }', 3, wrong('ttl')],
    ['kubernetes a.org {\n ttl 3601\n }', 3, 'ttl must be in range [0, 3600]: 3601'],
    ['kubernetes a.org {\n ttl -1\n }', 3, 'ttl must be in range [0, 3600]: -1'],
    ['kubernetes a.org {\n noendpoints x\n }', 3, wrong('x')],
    ['kubernetes a.org {\n ignore all\n }', 3, "unable to parse ignore value: 'all'"],
    ['kubernetes a.org {\n startup_timeout\n }', 3, wrong('startup_timeout')],
    ['kubernetes a.org {\n apiserver_qps -1\n }', 3, 'apiserver_qps must be >= 0'],
    ['kubernetes a.org {\n apiserver_burst\n }', 3, wrong('apiserver_burst')],
    [
      'kubernetes a.org c.org {\n multicluster b.org\n }',
      2,
      'is not authoritative for the multicluster zone b.org. (authoritative zones: [a.org. c.org.])',
    ],
    ['kubernetes a.org {\n zonal x\n }', 3, "Wrong argument count or unexpected line ending after 'x'"],
    ['kubernetes a.org {\n zonal\n noendpoints\n }', 2, 'zonal requires the endpoint cache; remove noendpoints'],
    // Ours.
    ['kubernetes a.org {\n snapshot\n }', 3, wrong('snapshot')],
    ['kubernetes a.org {\n stale_after\n }', 3, wrong('stale_after')],
    ['kubernetes a.org {\n stale_after 5\n }', 3, 'failed to parse stale_after: 5, time: missing unit in duration "5"'],
    ['kubernetes a.org {\n stale_after -5s\n }', 3, 'stale_after must be >= 0'],
    ['kubernetes a.org {\n terminating_endpoints x\n }', 3, wrong('x')],
  ] as const) {
    test(stanza.replaceAll('\n', ''), () => {
      const message = `plugin/kubernetes: Corefile:${line} - Error during parsing: ${problem}`
      assert.throws(() => configOf(kubernetes, stanza), isCorefileError(message))
    })
  }
})
