// Views in the whole program: chosen by every worker and transport, changed by a reload.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { Class, Type } from '../../src/dns/codes.ts'
import { decodeMessage } from '../../src/dns/decode.ts'
import { encodeMessage } from '../../src/dns/encode.ts'
import { message } from '../../src/dns/message.ts'
import { parseName } from '../../src/dns/name.ts'
import { printRecords } from '../../src/dns/text.ts'
import { ask, askTcp } from './ask.ts'
import { serve } from './process.ts'

const question = encodeMessage(
  message({ id: 1, questions: [{ name: parseName('www.example.org.'), type: Type.A, class: Class.IN }] }),
)

const block = (view: string, address: string) => `example.org {
    bind 127.0.0.1
    ${view}
    template IN A {
        answer "{{ .Name }} 60 IN A ${address}"
    }
}
`

test('a query goes to the first view that takes it, and to others after a reload', async (t) => {
  const corefileFor = (proto: string) =>
    block(`view one {\n expr proto() == '${proto}'\n }`, '192.0.2.1') + block('', '192.0.2.2')
  const program = await serve(t, corefileFor('tcp'))
  const addresses = async () => {
    const told: string[] = []
    for (const how of [ask, askTcp]) {
      const got = await how(program.port, question)
      assert.ok(got)
      told.push(decodeMessage(got).answer.flatMap(printRecords).join().split(' ').at(-1) ?? '')
    }
    return told
  }
  assert.equal(program.output().match(/^example\.org\.:/gm)?.length, 1)
  for (let i = 0; i < 10; i++) assert.deepEqual(await addresses(), ['192.0.2.2', '192.0.2.1'])
  writeFileSync(program.file, corefileFor('udp'))
  program.process.kill('SIGUSR1')
  await program.printed(/Reloading complete/)
  for (let i = 0; i < 10; i++) assert.deepEqual(await addresses(), ['192.0.2.1', '192.0.2.2'])
})
