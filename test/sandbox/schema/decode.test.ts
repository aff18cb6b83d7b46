import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from '../../../src/sandbox/schema/decode.ts'
import { objectType } from '../../../src/sandbox/schema/schema.ts'

test('unknown fields are dropped and named, null and zero mean absent where Go says so', () => {
  const given = {
    metadata: { name: 'd', creationTimestamp: null, labels: {} },
    spec: {
      replicas: 0,
      paused: false,
      minReadySeconds: 0,
      colour: 'red',
      template: { spec: { containers: [{ name: 'a', tty: false, securityContext: { any: 1 }, prots: [] }] } },
    },
  }
  const { value, unknown } = decode(objectType('Deployment'), given)
  assert.deepEqual(value, {
    metadata: { name: 'd' },
    spec: { replicas: 0, template: { spec: { containers: [{ name: 'a', securityContext: { any: 1 } }] } } },
  })
  assert.deepEqual(unknown, ['spec.colour', 'spec.template.spec.containers[0].prots'])
})

const wrong: readonly (readonly [spec: unknown, message: RegExp])[] = [
  ['text', /cannot unmarshal string into Go struct field Service\.spec of type ServiceSpec/],
  [{ ports: {} }, /cannot unmarshal object into Go struct field ServiceSpec\.spec\.ports of type \[\]ServicePort/],
  [{ ports: ['x'] }, /cannot unmarshal string .*spec\.ports of type ServicePort/],
  [{ ports: [{ port: '80' }] }, /cannot unmarshal string .* ServicePort\.spec\.ports\.port of type int32/],
  [{ ports: [{ port: 1.5 }] }, /cannot unmarshal number/],
  [{ ports: [{ port: 80, targetPort: true }] }, /cannot unmarshal bool .*IntOrString/],
  [{ selector: ['a'] }, /cannot unmarshal array .*map\[string\]string/],
  [{ selector: { a: 1 } }, /cannot unmarshal number/],
  [{ publishNotReadyAddresses: 'yes' }, /cannot unmarshal string .* of type bool/],
]

test('values of the wrong type', () => {
  for (const [spec, message] of wrong) {
    assert.throws(() => decode(objectType('Service'), { spec }), { code: 400, message }, JSON.stringify(spec))
  }
})

test('a quantity is text, a port a number or a name', () => {
  const container = { name: 'a', resources: { limits: { cpu: 1, memory: '1Gi' } } }
  const { value } = decode(objectType('PodSpec'), { containers: [container] })
  assert.deepEqual(value, { containers: [{ name: 'a', resources: { limits: { cpu: '1', memory: '1Gi' } } }] })
  const ports = [
    { port: 1, targetPort: 'web' },
    { port: 2, targetPort: 8080 },
  ]
  assert.deepEqual(decode(objectType('ServiceSpec'), { ports }).value, { ports })
})
