import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Listen } from '../../src/plugin.ts'
import { placesOf } from '../../src/server/listeners.ts'
import type { BlockSetup } from '../../src/server/setup.ts'
import { blockOf } from '../context.ts'

const setup = (key: string, listen: Partial<Listen> = {}): BlockSetup => ({
  keys: blockOf('whoami', key).keys,
  listen: { addresses: [], ...listen },
  plugins: [],
})
const placed = (setups: readonly BlockSetup[], host: readonly string[]) =>
  placesOf(setups, host, true).map(({ address, port, server, tcp }) => ({ at: `${address} ${port}`, server, tcp }))

test('a block without addresses has those of the host and the wildcards', () => {
  assert.deepEqual(placed([setup('.:1053')], ['127.0.0.1', '::1']), [
    { at: '127.0.0.1 1053', server: 'dns://:1053', tcp: {} },
    { at: '::1 1053', server: 'dns://:1053', tcp: {} },
    { at: '0.0.0.0 1053', server: 'dns://:1053', tcp: {} },
    { at: ':: 1053', server: 'dns://:1053', tcp: {} },
  ])
})

test('what blocks of one listener allow adds up, the last one counts; other listeners have their own', () => {
  const setups = [
    setup('a', { tcp: { idle: 1000, frame: 1000 } }),
    setup('b'),
    setup('c', { tcp: { idle: 2000, queries: 5 } }),
    setup('d', { addresses: ['127.0.0.1'], tcp: { write: 3000 } }),
    setup('e:1053'),
  ]
  const shared = { idle: 2000, frame: 1000, queries: 5 }
  assert.deepEqual(placed(setups, ['127.0.0.1', '127.0.0.2']), [
    { at: '127.0.0.1 53', server: 'dns://127.0.0.1:53', tcp: { write: 3000 } },
    { at: '127.0.0.2 53', server: 'dns://:53', tcp: shared },
    { at: '0.0.0.0 53', server: 'dns://:53', tcp: shared },
    { at: '127.0.0.1 1053', server: 'dns://:1053', tcp: {} },
    { at: '127.0.0.2 1053', server: 'dns://:1053', tcp: {} },
    { at: '0.0.0.0 1053', server: 'dns://:1053', tcp: {} },
  ])
})

test('an address that is bound by name is not the wildcard’s, in either order', () => {
  const bound = setup('a', { addresses: ['127.0.0.1'] })
  for (const setups of [
    [bound, setup('b')],
    [setup('b'), bound],
  ]) {
    const servers = placed(setups, ['127.0.0.1']).map(({ at, server }) => [at, server])
    assert.deepEqual(servers.sort(), [
      ['0.0.0.0 53', 'dns://:53'],
      ['127.0.0.1 53', 'dns://127.0.0.1:53'],
    ])
  }
})
