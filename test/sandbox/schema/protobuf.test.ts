import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtobuf } from '../../../src/sandbox/schema/protobuf.ts'

/** tag and length before octets, tag before a number. */
const field = (number: number, ...content: (Buffer | string)[]) => {
  const body = Buffer.concat(content.map((each) => Buffer.from(each)))
  return Buffer.concat([varint((number << 3) | 2), varint(body.length), body])
}
const numeric = (number: number, value: number) => Buffer.concat([varint(number << 3), varint(value)])
function varint(value: number): Buffer {
  const octets: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80)
  return Buffer.from([...octets, rest])
}

const envelope = (apiVersion: string, kind: string, ...raw: Buffer[]) =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, ...raw)])

test('a service', () => {
  const metadata = field(
    1,
    field(1, 'web'),
    field(11, field(1, 'app'), field(2, 'web')),
    field(8, numeric(1, 1700000000)),
  )
  const byNumber = field(1, field(1, 'http'), numeric(3, 80), field(4, numeric(1, 0), numeric(2, 8080)))
  const byName = field(1, field(1, 'metrics'), numeric(3, 9153), field(4, numeric(1, 1), field(3, 'metrics')))
  const spec = field(2, byNumber, byName, numeric(13, 1), field(18, '10.0.0.1'), field(18, 'fd00::1'))
  assert.deepEqual(decodeProtobuf(envelope('v1', 'Service', metadata, spec)), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', labels: { app: 'web' }, creationTimestamp: '2023-11-14T22:13:20Z' },
    spec: {
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'metrics', port: 9153, targetPort: 'metrics' },
      ],
      publishNotReadyAddresses: true,
      clusterIPs: ['10.0.0.1', 'fd00::1'],
    },
  })
})

test('a secret, whose data are octets, and a field that can only be empty', () => {
  const secret = envelope('v1', 'Secret', field(2, field(1, 'key'), field(2, Buffer.from([0xff, 0]))))
  assert.deepEqual(decodeProtobuf(secret).data, { key: '/wA=' })
  const pod = (inner: Buffer) => envelope('v1', 'Pod', field(2, field(14, inner)))
  assert.deepEqual(decodeProtobuf(pod(Buffer.alloc(0))).spec, { securityContext: {} })
  assert.throws(() => decodeProtobuf(pod(numeric(2, 1))), { code: 400, message: /send JSON/ })
})

test('what is refused', () => {
  const bad = [
    Buffer.from('{"kind":"Service"}'),
    Buffer.from('k8s\0'),
    envelope('v1', 'Nonsense'),
    envelope('v1', 'Service', field(99, 'x')),
    envelope('v1', 'Service', Buffer.from([0x12, 0x7f])),
    envelope('v1', 'Service', Buffer.from([0x0d, 1, 2, 3, 4])),
    envelope('v1', 'Service', Buffer.alloc(12, 0xff)),
    envelope('v1', 'Service', numeric(1, 5)),
  ]
  for (const body of bad) assert.throws(() => decodeProtobuf(body), { code: 400 }, body.toString('hex'))
})
