// view over the wire: of several blocks with equal keys the first whose expressions are true of a question answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linesFor, withSubject } from '../suite.ts'

const block = (view: string, address: string) => `example.org {
    bind 127.0.0.1
    ${view}
    template IN A {
        answer "{{ .Name }} 60 IN A 192.0.2.${address}"
    }
}
`

const corefile = [
  block("view tcp {\n expr proto() == 'tcp' && name() contains 'www'\n expr size() > 12\n }", '1'),
  block(
    "view aaaa {\n expr type() not in ['A', 'SRV'] or name() matches '^a\\\\..*\\\\.example\\\\.org\\\\.$'\n }",
    '2',
  ),
  block('view big {\n expr do() ? bufsize() >= 2000 : false\n }', '3'),
  block("view nobody {\n expr !incidr(client_ip(), '127.0.0.0/8') || incidr('x', '0.0.0.0/0')\n }", '4'),
  block(
    "view here {\n expr incidr(client_ip(), '127.0.0.0/8') && server_ip() startsWith '127.' && id() % 2 == 1\n }",
    '5',
  ),
  block('', '6'),
].join('')

const www = (last: number) => ['NOERROR aa', `www.example.org. 60 IN A 192.0.2.${last}`]

withSubject(
  'view',
  (portOf) => {
    test('the first view that takes a question answers it', async () => {
      const ask = (question: string, manner = {}) => linesFor(portOf(), question, manner)
      assert.deepEqual(await ask('www.example.org. A', { transport: 'tcp' }), www(1))
      // The question's identifier is odd.
      assert.deepEqual(await ask('www.example.org. A'), www(5))
      assert.deepEqual(await ask('www.example.org. A', { dnssecOk: true, udpSize: 4096 }), www(3))
      assert.deepEqual(await ask('www.example.org. A', { dnssecOk: true, udpSize: 1999 }), www(5))
      assert.deepEqual(await ask('a.b.example.org. A'), ['NOERROR aa', 'a.b.example.org. 60 IN A 192.0.2.2'])
    })
  },
  { corefile },
)
