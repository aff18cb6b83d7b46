// Policies are for the name that is looked up in the end, and for every client, also of what is kept. Each test is one of the
// ways around them that were found in CoreDNS; the one through autopath is in autopath/autopath.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRcode } from '../../src/dns/codes.ts'
import type { Query } from '../../src/dns/query.ts'
import { reply } from '../../src/dns/reply.ts'
import { parseRecord, printRecords } from '../../src/dns/text.ts'
import { handlerFor, serverFor } from '../ask.ts'
import { queryOf } from '../context.ts'

const found = (query: Query) =>
  reply({ answer: [{ ...parseRecord('x. 60 IN A 192.0.2.1'), owner: query.asked }], plugin: 'last' })

const denied = '10.0.0.66'
const allowed = '10.0.0.9'
const secret = `acl secret.example.org {
    block net ${denied}
}`

test('coredns/coredns#7882: a name that is rewritten to a blocked one is blocked', async () => {
  const serve = handlerFor(`rewrite name open.example.org secret.example.org\n${secret}`, { next: found })
  const ask = async (address: string) =>
    printRcode((await serve(queryOf('open.example.org. A', { client: { address } }))).rcode)
  assert.equal(await ask(denied), 'REFUSED')
  assert.equal(await ask(allowed), 'NOERROR')
})

test('coredns/coredns#8289: what is kept for one client is not for another that is blocked', async () => {
  let asked = 0
  const next = (query: Query) => {
    asked++
    return found(query)
  }
  const serve = handlerFor(`cache 30\n${secret}`, { next })
  const ask = async (address: string) =>
    printRcode((await serve(queryOf('secret.example.org. A', { client: { address } }))).rcode)
  assert.equal(await ask(allowed), 'NOERROR')
  assert.equal(await ask(allowed), 'NOERROR')
  assert.equal(asked, 1)
  assert.equal(await ask(denied), 'REFUSED')
})

test('what is refused to one client is not kept for another', async () => {
  const serve = handlerFor(`cache 30\n${secret}`, { next: found })
  const ask = async (address: string) =>
    printRcode((await serve(queryOf('secret.example.org. A', { client: { address } }))).rcode)
  assert.equal(await ask(denied), 'REFUSED')
  assert.equal(await ask(allowed), 'NOERROR')
})

test('what one view has in its cache no client of another gets', async () => {
  const answer = (address: string) => `cache 30\ntemplate IN A {\nanswer "{{ .Name }} 60 IN A ${address}"\n}`
  const serve = serverFor(`
example.org {
    view inside {
        expr incidr(client_ip(), '10.0.0.0/8')
    }
    ${answer('10.0.0.1')}
}
example.org {
    ${answer('192.0.2.1')}
}
`)
  const ask = async (address: string) =>
    (await serve(queryOf('www.example.org. A', { client: { address } }))).answer.flatMap(printRecords).join()
  for (let i = 0; i < 2; i++) {
    assert.match(await ask('10.0.0.9'), / 10\.0\.0\.1$/)
    assert.match(await ask('192.0.2.9'), / 192\.0\.2\.1$/)
  }
})
