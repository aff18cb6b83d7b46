import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CorefileError } from '../../src/corefile/directive.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { Class, parseType, printRcode, printType, Rcode } from '../../src/dns/codes.ts'
import { lowerName, parseName, root } from '../../src/dns/name.ts'
import { type Query, withQuestion } from '../../src/dns/query.ts'
import { reply } from '../../src/dns/reply.ts'
import { logTo } from '../../src/log.ts'
import { after } from '../../src/maybe.ts'
import { Failure, type Plugin } from '../../src/plugin.ts'
import { buildChains } from '../../src/server/chain.ts'
import { setUp } from '../../src/server/setup.ts'

/** Answers with its argument as the name of the plugin that wrote the reply; `next` passes the question on. */
const tag: Plugin<string> = {
  name: 'tag',
  parse: ([directive]) => directive?.args[0] ?? '',
  handler: (word) => (query, next) => (word === 'next' ? next(query) : reply({ plugin: word })),
}
const bind: Plugin<readonly string[]> = {
  name: 'bind',
  parse: ([directive]) => directive?.args ?? [],
  listen: (addresses) => ({ addresses }),
}
/** Asks the whole server its question again, with its argument in front. */
const again: Plugin<string> = {
  name: 'again',
  parse: ([directive]) => directive?.args[0] ?? '',
  handler:
    (label, { ask }) =>
    (query) =>
      ask(label === '' ? query : withQuestion(query, root, parseName(label))),
}
/** Can't do its work, and says so to the client. */
const unable: Plugin<string> = {
  name: 'unable',
  parse: ([directive]) => directive?.args[0] ?? '',
  handler: (word) => () => {
    throw new Failure(word, reply({ rcode: Rcode.REFUSED, plugin: word }))
  },
}
/** Answers questions of other classes. */
const open: Plugin<null> = {
  name: 'open',
  otherClasses: true,
  parse: () => null,
  handler: () => (query, next) => (query.class === Class.IN ? next(query) : reply({ plugin: 'open' })),
}
/** Takes the types among its arguments. */
const only: Plugin<readonly string[]> = {
  name: 'only',
  parse: ([directive]) => directive?.args ?? [],
  view: (types) => types.join(),
  filter: (types) => (query) => types.includes(printType(query.type)),
  handler: () => (query, next) => after(next(query), (got) => ({ ...got, plugin: `${got.plugin} ${query.view}` })),
}
const plugins = [open, only, bind, tag, again, unable] as readonly Plugin[]

function blocksOf(corefile: string) {
  const source = { file: 'Corefile', port: 53, env: {}, read: () => '', glob: () => [], warn: () => undefined }
  // The language wants a line for each brace; the tables here are easier to read without.
  const text = corefile.replaceAll('{ ', '{\n').replaceAll(' }', '\n}')
  return setUp(parseCorefile(text, source), plugins)
}

function chainsOf(corefile: string) {
  return buildChains(blocksOf(corefile), plugins, {
    log: logTo(() => undefined),
    localAddresses: [],
    workers: 1,
    signal: new AbortController().signal,
    feed: () => assert.fail('no feed here'),
  })
}

function question(text: string, server: string, klass: number = Class.IN): Query {
  const [name = '.', type = 'A'] = text.split(' ')
  const asked = parseName(name)
  return {
    id: 1,
    name: lowerName(asked),
    asked,
    type: parseType(type) ?? 1,
    class: klass,
    opcode: 0,
    recursionDesired: true,
    authenticData: false,
    checkingDisabled: false,
    edns: undefined,
    size: 30,
    client: { address: '127.0.0.1', port: 5000, localAddress: '127.0.0.1', localPort: 53, transport: 'udp', server },
  }
}

const corefile = `
. { tag root }
example.org { tag org }
a.example.org { tag a }
example.net:1053 { tag net }
192.168.1.0/25 { tag half }
10.0.0.0/8 { tag ten }
empty.example { bind 127.0.0.1 }
b.example { bind 127.0.0.2
tag bound }
`
const serve = chainsOf(corefile)

for (const [ask, server, expected] of [
  // The longest zone wins.
  ['example.com. A', 'dns://:53', 'root'],
  ['. NS', 'dns://:53', 'root'],
  ['example.org. A', 'dns://:53', 'org'],
  ['x.eXample.ORG. A', 'dns://:53', 'org'],
  ['a.example.org. A', 'dns://:53', 'a'],
  ['x.y.a.example.org. A', 'dns://:53', 'a'],
  ['ba.example.org. A', 'dns://:53', 'org'],
  ['badexample.org. A', 'dns://:53', 'root'],
  // A DS record stands in the parent zone (RFC 4035 3.1.4.1).
  ['a.example.org. DS', 'dns://:53', 'org'],
  ['example.org. DS', 'dns://:53', 'root'],
  ['x.a.example.org. DS', 'dns://:53', 'a'],
  ['. DS', 'dns://:53', 'root'],
  ['example.net. DS', 'dns://:1053', 'net'],
  // Each listener has its own zones.
  ['example.net. A', 'dns://:1053', 'net'],
  ['example.org. A', 'dns://:1053', 'REFUSED'],
  ['b.example. A', 'dns://127.0.0.2:53', 'bound'],
  ['b.example. A', 'dns://:53', 'root'],
  // Zones made from addresses.
  ['1.2.3.10.in-addr.arpa. PTR', 'dns://:53', 'ten'],
  ['1.1.168.192.in-addr.arpa. PTR', 'dns://:53', 'half'],
  ['127.1.168.192.in-addr.arpa. PTR', 'dns://:53', 'half'],
  ['128.1.168.192.in-addr.arpa. PTR', 'dns://:53', 'root'],
  // A block that answers nothing.
  ['empty.example. A', 'dns://127.0.0.1:53', 'REFUSED'],
] as const) {
  test(`chain: ${ask} at ${server}`, async () => {
    const { plugin, rcode } = await serve(question(ask, server))
    assert.equal(plugin === '' ? printRcode(rcode) : plugin, expected)
  })
}

test('chain: other classes are refused', async () => {
  assert.equal((await serve(question('example.org. TXT', 'dns://:53', Class.CH))).rcode, Rcode.REFUSED)
})

test('chain: other classes go to all blocks of a listener that has a plugin for them', async () => {
  const serve = chainsOf('a { open }\nb { tag b }\nc:1053 { tag c }')
  const ask = async (name: string, server: string, klass: number) => {
    const { plugin, rcode } = await serve(question(`${name} TXT`, server, klass))
    return plugin === '' ? printRcode(rcode) : plugin
  }
  assert.equal(await ask('a.', 'dns://:53', Class.CH), 'open')
  assert.equal(await ask('a.', 'dns://:53', Class.ANY), 'open')
  assert.equal(await ask('b.', 'dns://:53', Class.CH), 'b')
  assert.equal(await ask('c.', 'dns://:1053', Class.CH), 'REFUSED')
  assert.equal(await ask('c.', 'dns://:1053', Class.IN), 'c')
})

test('chain: a query nobody answers names the last plugin', () => {
  assert.throws(() => chainsOf('. { tag next }')(question('x. A', 'dns://:53')), {
    name: 'ChainEnd',
    message: 'plugin/tag: no next plugin found',
  })
})

test('chain: a plugin may ask the whole server; who asks in circles gets SERVFAIL, as does who asks where nobody answers', async () => {
  const serve = chainsOf('a { again b. }\nb { tag found }\nc { again }\nd { again e. }\ne { tag next }\nf { again g. }')
  assert.equal((await serve(question('a. A', 'dns://:53'))).plugin, 'found')
  for (const zone of ['c.', 'd.']) {
    assert.equal((await serve(question(zone, 'dns://:53'))).rcode, Rcode.SERVFAIL, zone)
  }
  assert.equal((await serve(question('f. A', 'dns://:53'))).rcode, Rcode.REFUSED)
})

test('chain: whoever asks hears what a plugin that failed has for the client', async () => {
  const serve = chainsOf('a { again b. }\nb { unable broken }')
  const { rcode, plugin } = await serve(question('a. A', 'dns://:53'))
  assert.deepEqual({ rcode, plugin }, { rcode: Rcode.REFUSED, plugin: 'broken' })
})

test('chain: views of a zone take their questions in the order of the file, the rest goes to shorter zones', async () => {
  const serve = chainsOf(`. { tag root }
a { only TXT MX DS
tag first }
a { only TXT A
tag second }
a { tag third }
b { only A
tag b }
b { only AAAA
again a. }`)
  for (const [ask, expected] of [
    ['x.a. TXT', 'first TXT,MX,DS'],
    ['x.a. A', 'second TXT,A'],
    ['x.a. AAAA', 'third'],
    ['a. DS', 'root'],
    ['x.b. A', 'b A'],
    ['x.b. TXT', 'root'],
    // Who asks the whole server is answered by another block, and is in its own view no less.
    ['x.b. AAAA', 'third AAAA'],
  ] as const) {
    assert.equal((await serve(question(ask, 'dns://:53'))).plugin, expected, ask)
  }
})

for (const [title, text, message] of [
  [
    'the same zone twice',
    '. { tag a }\n. { tag b }',
    'Corefile:4 - Error during parsing: cannot serve dns://.:53 - it is already defined',
  ],
  [
    'the same zone at one address',
    '. { bind 127.0.0.1 }\n. { bind 127.0.0.1 }',
    'Corefile:4 - Error during parsing: cannot serve dns://.:53 on 127.0.0.1 - it is already defined',
  ],
  [
    'the same zone at all addresses and one',
    '. { tag a }\n. { bind 127.0.0.1 }',
    'Corefile:4 - Error during parsing: cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
  ],
  [
    'a zone twice beside its view',
    '. { only A }\n. { tag a }\n. { tag b }',
    'Corefile:7 - Error during parsing: cannot serve dns://.:53 - it is already defined',
  ],
  [
    'a view at one address of a zone that is at all of them',
    '. { tag a }\n. { only A\nbind 127.0.0.1 }',
    'Corefile:4 - Error during parsing: cannot serve dns://.:53 on 127.0.0.1 - zone overlap listener capacity with dns://.:53',
  ],
] as const) {
  test(`setup refuses ${title}`, () => {
    assert.throws(
      () => blocksOf(text),
      (error: Error) => error instanceof CorefileError && error.message === message,
    )
  })
}

for (const text of [
  '. { tag a }\n.:1053 { tag b }',
  '. { bind 127.0.0.1 }\n. { bind 127.0.0.2 }',
  'a. { tag a }\nb. { tag a }',
  'a. { only A }\na. { tag a }',
  'a. { tag a }\na. { only A }',
  'a. { only A }\na. { only A }',
]) {
  test(`setup accepts ${text.replace('\n', ' | ')}`, () => {
    assert.equal(blocksOf(text).length, 2)
  })
}
