// The program's own output, by a process of its own.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { folderFor, start } from '../server/process.ts'

async function run(
  t: TestContext,
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const program = start(t, ['resolv', ...args])
  const code = await program.ended
  return { code, output: program.output() }
}

const cluster = 'default.svc.cluster.local svc.cluster.local cluster.local'

for (const [line, expected] of [
  ['', [`search ${cluster}`, 'nameserver 10.96.0.10', 'options ndots:5']],
  [
    '-namespace shop -dns 10.43.0.10,fd00::a -cluster-domain k8s.example',
    [
      'search shop.svc.k8s.example svc.k8s.example k8s.example',
      ...['nameserver 10.43.0.10', 'nameserver fd00::a', 'options ndots:5'],
    ],
  ],
  [
    '--policy None --nameservers 192.0.2.9 --searches a.example --options ndots:2,use-vc',
    ['search a.example', 'nameserver 192.0.2.9', 'options ndots:2 use-vc'],
  ],
  ['-options ndots:1', [`search ${cluster}`, 'nameserver 10.96.0.10', 'options ndots:1']],
  ['-policy default -host-resolv-conf=', ['search .', 'nameserver 127.0.0.1']],
] as const) {
  test(`resolv ${line}`, async (t) => {
    const { code, output } = await run(t, line === '' ? [] : line.split(' '))
    assert.equal(output, expected.map((text) => `${text}\n`).join(''))
    assert.equal(code, 0)
  })
}

test('resolv: the search list of the node comes last', async (t) => {
  const file = join(folderFor(t), 'resolv.conf')
  writeFileSync(file, 'nameserver 192.0.2.1\nsearch corp.example\n')
  const own = await run(t, ['-host-resolv-conf', file])
  assert.match(own.output, new RegExp(`^search ${cluster} corp.example\nnameserver 10.96.0.10\n`))
  const host = await run(t, ['-host-resolv-conf', file, '-host-network'])
  assert.equal(host.output, 'search corp.example\nnameserver 192.0.2.1\n')
})

for (const [line, message] of [
  ['-policy Clusterfirsts', 'no DNS policy "Clusterfirsts"'],
  ['-namespace A_b', 'no namespace is called "A_b"'],
  ['-dns localhost', '"localhost" is no address'],
  ['-cluster-domain a..b', '"a..b" is no domain'],
  ['-nope 1', 'flag provided but not defined: -nope'],
  ['web', 'extra command line arguments: \\[web\\]'],
] as const) {
  test(`resolv refuses ${line}`, async (t) => {
    const { code, output } = await run(t, line.split(' '))
    assert.match(output, new RegExp(`^${message}[\\s\\S]*\nusage: resolv `))
    assert.equal(code, 2)
  })
}

test('resolv: a file that is not there', async (t) => {
  const { code, output } = await run(t, ['-host-resolv-conf', '/nowhere/resolv.conf'])
  assert.match(output, /^can't read the node's resolv.conf: ENOENT/)
  assert.equal(code, 1)
})

test('resolv: what kubelet leaves out is warned of', async (t) => {
  const { code, output } = await run(t, ['-policy', 'None', '-nameservers', '192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4'])
  assert.match(output, /warning: of 4 nameservers the first 3 are used/)
  assert.equal(code, 0)
})
