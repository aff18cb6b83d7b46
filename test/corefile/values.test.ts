import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import {
  parseDuration,
  parseFloatingPoint,
  parseHostPort,
  parseInteger,
  printDuration,
  ValueError,
} from '../../src/corefile/values.ts'

function throwsValueError(parse: () => unknown, message: string): void {
  assert.throws(parse, (error) => {
    assert(error instanceof ValueError)
    assert.equal(error.message, message)
    return true
  })
}

// The expectations were made by Go 1.26: strconv, time and net.

suite('integers', () => {
  const good: Readonly<Record<string, number>> = {
    '0': 0,
    '-1': -1,
    '+7': 7,
    '007': 7,
    '9223372036854775807': 2 ** 63,
    '-9223372036854775808': -(2 ** 63),
  }
  for (const [text, value] of Object.entries(good)) test(text, () => assert.equal(parseInteger(text), value))
  for (const text of ['', ' 1', '1.0', '0x10', '1_000', '1e3', '--1', '٣', '5s']) {
    test(`not ${JSON.stringify(text)}`, () =>
      throwsValueError(() => parseInteger(text), `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`))
  }
  for (const text of ['9223372036854775808', '-9223372036854775809']) {
    test(`not ${text}`, () =>
      throwsValueError(() => parseInteger(text), `strconv.Atoi: parsing "${text}": value out of range`))
  }
})

suite('floating-point numbers', () => {
  const good: Readonly<Record<string, number>> = {
    '0': 0,
    '-1.5': -1.5,
    '+.5': 0.5,
    '5.': 5,
    '1e3': 1000,
    '1E-2': 0.01,
    '1_000.5': 1000.5,
    '1e1_0': 1e10,
    '0x1p4': 16,
    '-0X1.8p1': -3,
    '0x_1fp-1': 15.5,
    '1e-400': 0,
    inf: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY,
    NaN: Number.NaN,
  }
  for (const [text, value] of Object.entries(good)) test(text, () => assert.equal(parseFloatingPoint(text), value))
  for (const text of [
    '',
    '.',
    'e5',
    '1e',
    '1__0',
    '_1',
    '1_',
    '1_.5',
    '9_e8',
    '0x1',
    '0x.p1',
    '0b1',
    '+nan',
    'infin',
  ]) {
    test(`not ${JSON.stringify(text)}`, () =>
      throwsValueError(() => parseFloatingPoint(text), `strconv.ParseFloat: parsing "${text}": invalid syntax`))
  }
  test('not 1e400', () =>
    throwsValueError(() => parseFloatingPoint('1e400'), 'strconv.ParseFloat: parsing "1e400": value out of range'))
})

suite('durations', () => {
  /** Milliseconds, and how Go prints them. */
  const good: Readonly<Record<string, readonly [number, string]>> = {
    '0': [0, '0s'],
    '-0': [0, '0s'],
    '5s': [5000, '5s'],
    '-5s': [-5000, '-5s'],
    '+5s': [5000, '5s'],
    '90s': [90_000, '1m30s'],
    '1h': [3_600_000, '1h0m0s'],
    '1h15m30.5s': [4_530_500, '1h15m30.5s'],
    '1.5h': [5_400_000, '1h30m0s'],
    '.5s': [500, '500ms'],
    '5.s': [5000, '5s'],
    '100ms': [100, '100ms'],
    '1500us': [1.5, '1.5ms'],
    '10µs': [0.01, '10µs'],
    '10μs': [0.01, '10µs'],
    '1ns': [0.000001, '1ns'],
    '1h1h': [7_200_000, '2h0m0s'],
    '1m0.000000001s': [60_000.000001, '1m0.000000001s'],
    '0.000000000000000001h': [0, '0s'],
  }
  for (const [text, [milliseconds, printed]] of Object.entries(good)) {
    test(text, () => {
      assert.equal(parseDuration(text), milliseconds)
      assert.equal(printDuration(milliseconds), printed)
    })
  }
  const bad: Readonly<Record<string, string>> = {
    '': 'time: invalid duration ""',
    '-': 'time: invalid duration "-"',
    s: 'time: invalid duration "s"',
    '.s': 'time: invalid duration ".s"',
    '1.2.3s': 'time: missing unit in duration "1.2.3s"',
    '5': 'time: missing unit in duration "5"',
    '1s2': 'time: missing unit in duration "1s2"',
    '1d': 'time: unknown unit "d" in duration "1d"',
    '5 s': 'time: unknown unit " s" in duration "5 s"',
    '1constructor': 'time: unknown unit "constructor" in duration "1constructor"',
    '9223372037s': 'time: invalid duration "9223372037s"',
  }
  for (const [text, message] of Object.entries(bad)) {
    test(`not ${JSON.stringify(text)}`, () => throwsValueError(() => parseDuration(text), message))
  }
  test('what is printed reads the same', () => {
    // Below a hundred days every nanosecond is told apart.
    const duration = fc.integer({ min: -8_640_000_000, max: 8_640_000_000 })
    fc.assert(fc.property(duration, (milliseconds) => parseDuration(printDuration(milliseconds)) === milliseconds))
  })
})

suite('addresses to listen on', () => {
  const good: Readonly<Record<string, readonly [string, number]>> = {
    ':8080': ['', 8080],
    ':': ['', 0],
    'localhost:80': ['localhost', 80],
    '127.0.0.1:0': ['127.0.0.1', 0],
    '[::1]:8080': ['::1', 8080],
    '[fe80::1%eth0]:53': ['fe80::1%eth0', 53],
    '[]:1': ['', 1],
  }
  for (const [text, [host, port]] of Object.entries(good)) {
    test(text, () => assert.deepEqual(parseHostPort(text), { host, port }))
  }
  const bad: Readonly<Record<string, string>> = {
    '': 'missing port in address',
    '8080': 'address 8080: missing port in address',
    '::1:80': 'address ::1:80: too many colons in address',
    '[::1]': 'address [::1]: missing port in address',
    '[::1]80': 'address [::1]80: missing port in address',
    '[::1': "address [::1: missing ']' in address",
    '[::1]:80:90': 'address [::1]:80:90: too many colons in address',
    'a[b:80': "address a[b:80: unexpected '[' in address",
    'a]b:80': "address a]b:80: unexpected ']' in address",
    'a:b]': "address a:b]: unexpected ']' in address",
    'a:http': 'address a:http: unknown port',
    'a:65536': 'address a:65536: invalid port',
  }
  for (const [text, message] of Object.entries(bad)) {
    test(`not ${JSON.stringify(text)}`, () => throwsValueError(() => parseHostPort(text), message))
  }
})
