import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Opcode, Rcode } from '../../../src/dns/codes.ts'
import { errorReply, type Reply, reply } from '../../../src/dns/reply.ts'
import { parseRecord } from '../../../src/dns/text.ts'
import { combinedFormat, commonFormat, compileFormat, type Outcome } from '../../../src/plugins/log/format.ts'
import { queryOf } from '../../context.ts'

const answered: Reply = reply({ authoritative: true, answer: [parseRecord('a.org. 30 IN A 10.0.0.1')] })
const outcome: Outcome = {
  query: queryOf('A.org. A'),
  reply: answered,
  duration: 0.123,
  metadata: (key) => ({ 'kubernetes/service': 'web', 'kubernetes/empty': '' })[key],
}
const edns = { udpSize: 1232, version: 0, dnssecOk: true, options: [] }

suite('labels', () => {
  const cases: readonly { readonly format: string; readonly outcome?: Partial<Outcome>; readonly line: string }[] = [
    { format: '{type}', line: 'A' },
    { format: '{type}', outcome: { query: queryOf('a.org. TYPE65280') }, line: 'TYPE65280' },
    { format: '{name}', line: 'a.org.' },
    { format: '{class}', line: 'IN' },
    { format: '{proto}', line: 'udp' },
    { format: '{proto}', outcome: { query: queryOf('a.org. A', { client: { transport: 'https' } }) }, line: 'tcp' },
    { format: '{size}', line: '23' },
    { format: '{remote}:{port}', line: '10.0.0.9:40000' },
    {
      format: '{remote}:{port}',
      outcome: { query: queryOf('a.org. A', { client: { address: 'fd00::9' } }) },
      line: '[fd00::9]:40000',
    },
    { format: '{local}', line: '10.0.0.53' },
    { format: '{local}', outcome: { query: queryOf('a.org. A', { client: { localAddress: '::1' } }) }, line: '[::1]' },
    { format: '{>id}', line: '4711' },
    { format: '{>opcode}', line: '0' },
    { format: '{>opcode}', outcome: { query: queryOf('a.org. A', { opcode: Opcode.NOTIFY }) }, line: '4' },
    { format: '{>do} {>bufsize}', line: 'false 512' },
    { format: '{>do} {>bufsize}', outcome: { query: queryOf('a.org. A', { edns }) }, line: 'true 1232' },
    {
      format: '{>bufsize}',
      outcome: { query: queryOf('a.org. A', { edns: { ...edns, udpSize: 100 } }) },
      line: '512',
    },
    {
      format: '{>bufsize}',
      outcome: { query: queryOf('a.org. A', { edns, client: { transport: 'tcp' } }) },
      line: '65535',
    },
    { format: '{rcode}', line: 'NOERROR' },
    { format: '{rcode}', outcome: { reply: errorReply(Rcode.BADVERS) }, line: 'BADVERS' },
    // Header, question and one record, no name compressed.
    { format: '{rsize}', line: '44' },
    { format: '{>rflags}', line: 'qr,aa,rd' },
    {
      format: '{>rflags}',
      outcome: {
        query: queryOf('a.org. A', { recursionDesired: false, checkingDisabled: true }),
        reply: reply({ truncated: true, recursionAvailable: true, authenticData: true }),
      },
      line: 'qr,tc,ra,ad,cd',
    },
    { format: '{duration}', line: '0.000123s' },
    { format: '{duration}', outcome: { duration: 0.000001 }, line: '0.000000001s' },
    { format: '{duration}', outcome: { duration: 2000 }, line: '2s' },
    { format: '{duration}', outcome: { duration: 0 }, line: '0s' },
    // Nothing was answered.
    { format: '{rcode} {rsize} {>rflags}', outcome: { reply: undefined }, line: '- 0 -' },
    // Metadata.
    { format: '{/kubernetes/service}', line: 'web' },
    { format: 'x{/kubernetes/empty}y{/kubernetes/none}', line: 'xy-' },
    // Braces that are no labels.
    { format: '', line: '' },
    { format: 'plain', line: 'plain' },
    { format: '{bogus} {>bogus} {TYPE} {toString} {}', line: '{bogus} {>bogus} {TYPE} {toString} {}' },
    { format: '{ {type} }', line: '{ A }' },
    { format: '{{type}}', line: '{A}' },
    { format: '} {type', line: '} {type' },
    { format: 'a } b {type} { c', line: 'a } b A { c' },
  ]
  for (const { format, outcome: fields, line } of cases) {
    test(`${format} is ${line}`, () => assert.equal(compileFormat(format)({ ...outcome, ...fields }), line))
  }
})

// As observed of CoreDNS 1.14.7.
test('the common format', () => {
  const line = '10.0.0.9:40000 - 4711 "A IN a.org. udp 23 false 512" NOERROR qr,aa,rd 44 0.000123s'
  assert.equal(compileFormat(commonFormat)(outcome), line)
  assert.equal(compileFormat(combinedFormat)(outcome), `${line} "0"`)
})
