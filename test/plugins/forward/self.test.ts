import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDestinations } from '../../../src/plugins/forward/destination.ts'
import { suspectUpstreams } from '../../../src/plugins/forward/self.ts'
import { blockOf } from '../../context.ts'

const own = new Set(['10.0.0.5', '::1', '127.0.0.1', '2001:db8::5'])
const itself = /is an address of this server itself/
const stub = /is a stub resolver on this host/

const cases: readonly (readonly [key: string, to: string, file: string | undefined, told: RegExp | undefined])[] = [
  ['.', '127.0.0.1', undefined, itself],
  ['.', '127.0.0.53', undefined, itself],
  [
    '.',
    '127.0.0.53',
    '/etc/resolv.conf',
    /^upstream 127\.0\.0\.53:53 in \/etc\/resolv\.conf is an address of this server/,
  ],
  ['.', '[::1]:53', undefined, itself],
  ['.', '10.0.0.5', undefined, itself],
  ['.', '[2001:db8::5]', undefined, itself],
  ['.:1053', '10.0.0.5:1053', undefined, itself],
  ['.:1053', '127.0.0.53', '/etc/resolv.conf', stub],
  ['.:1053', '127.0.0.53', undefined, undefined],
  ['.:1053', '10.0.0.5', '/etc/resolv.conf', undefined],
  ['.', '127.0.0.1:5301', undefined, undefined],
  ['.', '10.0.0.6', '/etc/resolv.conf', undefined],
  ['.', '192.0.2.1', undefined, undefined],
]
for (const [key, to, file, told] of cases) {
  test(`${to}${file === undefined ? '' : ` of ${file}`} for ${key}`, () => {
    const destinations = parseDestinations(to).map((destination) => ({ ...destination, file }))
    const warnings = suspectUpstreams(destinations, blockOf('', key).keys, own)
    assert.equal(warnings.length, told === undefined ? 0 : 1)
    if (told !== undefined) assert.match(warnings[0] ?? '', told)
  })
}
