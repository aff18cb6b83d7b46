// Whom machine code in an image is for.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { machineOf, partsOf } from '../scripts/image-parts.ts'
import { folderFor } from './server/process.ts'

/** The first 20 octets of an ELF file for little-endian machines of 64 bits. */
function elf(machine: number): Buffer {
  const header = Buffer.alloc(20)
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  header.writeUInt16LE(machine, 18)
  return header
}

test('every file is of one part, and links are of none', (t) => {
  const root = folderFor(t)
  mkdirSync(join(root, 'clusterdns/node_modules/koffi'), { recursive: true })
  writeFileSync(join(root, 'node'), Buffer.concat([elf(183), Buffer.alloc(80)]))
  writeFileSync(join(root, 'clusterdns/main.js'), '1'.repeat(30))
  writeFileSync(join(root, 'clusterdns/node_modules/koffi/index.cjs'), '1'.repeat(7))
  writeFileSync(join(root, 'passwd'), '')
  symlinkSync('node', join(root, 'nodejs'))
  assert.deepEqual(
    partsOf(root, 'arm64').map(({ size }) => size),
    [100, 7, 30, 0],
  )
  assert.throws(
    () => partsOf(root, 'amd64'),
    /^Error: \/node is machine code for another platform \(ELF machine 183\)$/,
  )
})

test('tells the machine of ELF files', { skip: process.platform === 'linux' ? false : 'needs an ELF file' }, (t) => {
  const file = join(folderFor(t), 'text')
  writeFileSync(file, 'text')
  assert.equal(machineOf(file), undefined)
  cpSync(process.execPath, file)
  assert.equal(machineOf(file), process.arch === 'arm64' ? 183 : 62)
})
