import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlagError, parseFlags } from '../../src/cli/flags.ts'

const table = { valued: ['conf', 'dns.port', 'p'], switches: ['quiet', 'version'] }

// Go, package flag, "Command line flag syntax".
for (const [line, expected] of [
  ['', 'rest='],
  ['-conf F', 'conf=F rest='],
  ['-conf=F', 'conf=F rest='],
  ['--conf F', 'conf=F rest='],
  ['--conf=F', 'conf=F rest='],
  ['-conf=', 'conf= rest='],
  ['-conf=a=b', 'conf=a=b rest='],
  ['-conf -quiet', 'conf=-quiet rest='],
  ['-dns.port 1053 -p=53 -quiet', 'dns.port=1053 p=53 quiet rest='],
  ['-p 1 -p 2', 'p=2 rest='],
  ['-quiet=false', 'rest='],
  ['-quiet=T', 'quiet rest='],
  ['-quiet x -p 1', 'quiet rest=x,-p,1'],
  ['-- -p 1', 'rest=-p,1'],
  ['- -p 1', 'rest=-,-p,1'],
] as const) {
  test(`flags: ${line || 'none'}`, () => {
    const { values, switches, rest } = parseFlags(line === '' ? [] : line.split(' '), table)
    const told = [...[...values].map(([name, value]) => `${name}=${value}`), ...switches, `rest=${rest.join(',')}`]
    assert.equal(told.join(' '), expected)
  })
}

for (const [line, message] of [
  ['-conf', 'flag needs an argument: -conf'],
  ['-nope', 'flag provided but not defined: -nope'],
  ['--nope=1', 'flag provided but not defined: -nope'],
  ['---conf F', 'bad flag syntax: ---conf'],
  ['-=1', 'bad flag syntax: -=1'],
  ['-quiet=maybe', 'invalid boolean value "maybe" for -quiet: parse error'],
  ['-conf F -h', 'flag: help requested'],
  ['--help', 'flag: help requested'],
] as const) {
  test(`flags refused: ${line}`, () => {
    assert.throws(
      () => parseFlags(line.split(' '), table),
      (error: Error) => error instanceof FlagError && error.message === message,
    )
  })
}
