import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseClass,
  parseRcode,
  parseType,
  printClass,
  printOpcode,
  printRcode,
  printType,
  Type,
} from '../../src/dns/codes.ts'

test('every type of the table is read by the name it is printed by', () => {
  for (const [name, type] of Object.entries(Type)) {
    assert.equal(printType(type), name)
    assert.equal(parseType(name), type)
    assert.equal(parseType(name.toLowerCase()), type)
    assert.equal(parseType(`TYPE${type}`), type)
  }
})

test('other types have a name as well', () => {
  for (const [name, type] of Object.entries({ LOC: 29, 'NSAP-PTR': 23, URI: 256, DLV: 32_769 })) {
    assert.equal(printType(type), name)
    assert.equal(parseType(name), type)
  }
})

test('types without a name go by number', () => {
  assert.equal(printType(65_280), 'TYPE65280')
  assert.equal(parseType('type65280'), 65_280)
  for (const text of ['', 'TYPE', 'TYPE-1', 'TYPE65536', 'TYPE1x', 'NOSUCH', 'toString', 'CLASS1']) {
    assert.equal(parseType(text), undefined, text)
  }
})

test('classes, rcodes and opcodes go by name, and by number where there is none', () => {
  assert.equal(printClass(1), 'IN')
  assert.equal(parseClass('ch'), 3)
  assert.equal(printClass(77), 'CLASS77')
  assert.equal(parseClass('CLASS77'), 77)
  assert.equal(parseClass('A'), undefined)
  assert.equal(printRcode(3), 'NXDOMAIN')
  assert.equal(printRcode(17), 'BADKEY')
  assert.equal(parseRcode('nxdomain'), 3)
  assert.equal(printRcode(4000), 'RCODE4000')
  assert.equal(parseRcode('RCODE4000'), 4000)
  assert.equal(printOpcode(4), 'NOTIFY')
  assert.equal(printOpcode(9), 'OPCODE9')
})
