// The folder that a pod's service account is mounted at: token, ca.crt and namespace, replaced the way kubelet does it.
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ServiceAccountFiles {
  readonly token: string
  /** PEM. */
  readonly ca: string
  readonly namespace: string
}

let writes = 0

/**
 * The files stand in a folder of their own that the link `..data` leads to; what is read is links through it. Replacing the
 * link replaces all files at once.
 */
export function writeServiceAccount(folder: string, { token, ca, namespace }: ServiceAccountFiles): void {
  const generation = `..sandbox_${process.pid}_${++writes}`
  mkdirSync(join(folder, generation), { recursive: true })
  const files = { token, 'ca.crt': ca, namespace }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, generation, name), text, { mode: 0o600 })
  const data = join(folder, '..data')
  const before = linkAt(data)
  symlinkSync(generation, `${data}_tmp`)
  renameSync(`${data}_tmp`, data)
  for (const name of Object.keys(files)) {
    if (linkAt(join(folder, name)) === undefined) symlinkSync(join('..data', name), join(folder, name))
  }
  if (before !== undefined) rmSync(join(folder, before), { recursive: true, force: true })
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
