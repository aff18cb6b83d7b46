// What a plugin meets in a test instead of a server: its stanza read, contexts to work in, and questions.
import assert from 'node:assert/strict'
import { CorefileError, type ServerBlock } from '../src/corefile/directive.ts'
import { parseCorefile } from '../src/corefile/parse.ts'
import { Class, parseType } from '../src/dns/codes.ts'
import { lowerName, parseName } from '../src/dns/name.ts'
import type { Client, Query } from '../src/dns/query.ts'
import { type Log, logTo } from '../src/log.ts'
import type { MainContext, Plugin, ServerState, WorkerContext } from '../src/plugin.ts'

/** The server block of a Corefile named `Corefile` that has only this one; its directives begin on line 2. */
export function blockOf(body: string, key: string = '.'): ServerBlock {
  const fail = (): never => assert.fail('no files here')
  const source = { file: 'Corefile', port: 53, env: {}, read: fail, glob: fail, warn: fail }
  const [block] = parseCorefile(`${key} {\n${body}\n}`, source)
  assert(block !== undefined)
  return block
}

/** What the plugin makes of its directives in the block. Throws CorefileError. */
export function configOf<Config>(plugin: Plugin<Config>, body: string, key?: string): Config {
  const block = blockOf(body, key)
  const config = plugin.parse(
    block.directives.filter((directive) => directive.name === plugin.name),
    block,
  )
  assert.deepEqual(structuredClone(config), config)
  return config
}

/** Is this the CorefileError with this message? */
export function isCorefileError(message: string): (error: unknown) => true {
  return (error) => {
    assert(error instanceof CorefileError)
    assert.equal(error.message, message)
    return true
  }
}

/** A log and the lines that were written to it, without their newlines. */
export function recordLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  return { log: logTo((line) => lines.push(line.replace(/\n$/, ''))), lines }
}

/** A worker's context that offers nothing but what is given. */
export function workerContext(fields: Partial<WorkerContext> = {}): WorkerContext {
  return {
    signal: new AbortController().signal,
    keys: blockOf('').keys,
    log: logTo(() => undefined),
    localAddresses: [],
    workers: 1,
    feed: () => assert.fail('no feed here'),
    ask: () => assert.fail('nobody to ask here'),
    offers: new Map(),
    ...fields,
  }
}

/** The main thread's context, with a server that is well, and shares that end with the signal. */
export function mainContext(
  signal: AbortSignal,
  fields: Partial<Omit<MainContext, 'server'>> & { readonly server?: Partial<ServerState> } = {},
): MainContext {
  const shares = new Map<string, unknown>()
  return {
    keys: blockOf('').keys,
    log: logTo(() => undefined),
    signal,
    share<T>(key: string, make: (end: AbortSignal) => T): T {
      if (!shares.has(key)) shares.set(key, make(signal))
      return shares.get(key) as T
    },
    ...fields,
    server: {
      digest: '0'.repeat(128),
      reloadChanged: async () => false,
      pending: () => new Map(),
      ailing: async () => undefined,
      stopping: () => false,
      onStop: () => undefined,
      ...fields.server,
    },
  }
}

const client: Client = {
  address: '10.0.0.9',
  port: 40000,
  localAddress: '10.0.0.53',
  localPort: 53,
  transport: 'udp',
  server: 'dns://:53',
}

/** The question `example.org. A` of a client at 10.0.0.9, with other fields where given. */
export function queryOf(
  question: string,
  fields: Partial<Omit<Query, 'client'>> & { readonly client?: Partial<Client> } = {},
): Query {
  const [name = '', typeName = ''] = question.split(' ')
  const asked = parseName(name)
  const type = parseType(typeName)
  assert(type !== undefined)
  return {
    id: 4711,
    name: lowerName(asked),
    asked,
    type,
    class: Class.IN,
    opcode: 0,
    recursionDesired: true,
    authenticData: false,
    checkingDisabled: false,
    edns: undefined,
    size: 16 + asked.length,
    ...fields,
    client: { ...client, ...fields.client },
  }
}
