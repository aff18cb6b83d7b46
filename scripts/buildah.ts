// buildah, and other programs of the system: installed, run to their end, and told of where they fail.
import { spawnSync } from 'node:child_process'

/** Runs a program; returns what it printed. What it says to standard error is shown where it fails. Throws Error. */
export function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error !== undefined) throw new Error(`can't run ${command}`, { cause: error })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

/** Runs a program that shows what it does. Throws Error. */
export function runLoudly(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error !== undefined) throw new Error(`can't run ${command}`, { cause: error })
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}

/** Commands run in a chroot, which works in containers too. */
const isolation = ['--isolation', 'chroot', '--pull=never']

export function buildah([command = '', ...args]: readonly string[]): string {
  return run('buildah', [command, ...(command === 'build' ? isolation : []), ...args])
}

export function buildahLoudly([command = '', ...args]: readonly string[]): void {
  runLoudly('buildah', [command, ...(command === 'build' ? isolation : []), ...args])
}

/** Where a program is in a Debian package of another name. */
const packages: Readonly<Record<string, string>> = { nft: 'nftables' }

/** Installs the Debian packages of programs that are missing. Throws Error where that can't be. */
export function need(programs: readonly string[]): void {
  const missing = programs
    .filter((program) => spawnSync(program, ['--version']).error !== undefined)
    .map((program) => packages[program] ?? program)
  if (missing.length === 0) return
  const names = missing.join(' and ')
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error !== undefined) {
    throw new Error(`${names} must be installed (Debian: apt-get install ${missing.join(' ')})`)
  }
  process.stdout.write(`installing ${names}\n`)
  run('apt-get', ['-qq', 'update'])
  const install = ['apt-get', '-qq', 'install', '--no-install-recommends', '--yes', ...missing]
  run('env', ['DEBIAN_FRONTEND=noninteractive', ...install])
}
