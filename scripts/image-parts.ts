// What an image holds: the size of each part, and that all machine code in it is for its platform (ELF: gABI, "ELF Header").
import { closeSync, lstatSync, mkdtempSync, openSync, readdirSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildah } from './buildah.ts'
import type { Architecture } from './debian-image.ts'

export interface Part {
  readonly name: string
  /** In octets, of all its files. */
  readonly size: number
}

/** Each file is of the first part whose pattern fits its path. */
const patterns: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Node.js', /^node$/],
  ['koffi', /^clusterdns\/node_modules\/(?:@koromix|koffi)\//],
  ['the bundle', /^clusterdns\//],
  ['libraries and what else the base has', /^/],
]

/** ELF's e_machine. */
const machines: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 }

/** The parts of an unpacked image. Throws Error where a file holds machine code of another platform. */
export function partsOf(root: string, architecture: Architecture): Part[] {
  const sizes = new Map(patterns.map(([name]) => [name, 0]))
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const status = lstatSync(join(root, path))
    if (!status.isFile()) continue
    const machine = machineOf(join(root, path))
    if (machine !== undefined && machine !== machines[architecture]) {
      throw new Error(`/${path} is machine code for another platform (ELF machine ${machine})`)
    }
    const [name = ''] = patterns.find(([, pattern]) => pattern.test(path)) ?? []
    sizes.set(name, (sizes.get(name) ?? 0) + status.size)
  }
  return [...sizes].map(([name, size]) => ({ name, size }))
}

/** Undefined for what is no ELF file. */
export function machineOf(path: string): number | undefined {
  const header = Buffer.alloc(20)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  return header.readUInt32BE(0) === 0x7f454c46 ? header.readUInt16LE(18) : undefined
}

/** Of all layers, as registries keep them. */
export function compressedSize(image: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-image-'))
  try {
    buildah(['push', '--quiet', image, `oci:${folder}`])
    const blobs = join(folder, 'blobs/sha256')
    return readdirSync(blobs).reduce((sum, file) => sum + lstatSync(join(blobs, file)).size, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
