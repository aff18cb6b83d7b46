// The resolvers under test: programs that are here, or that are built from what Debian packages hold. Packages are unpacked
// into a folder, not installed.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Program {
  readonly name: string
  readonly version: string
  /** Which of our walks it has to follow; undefined where it has rules that we don't model. */
  readonly resolver: string | undefined
  /** Arguments before the name. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Needs a mount namespace with an empty /run. */
  readonly ownRun?: boolean
}

export interface Programs {
  readonly here: readonly Program[]
  /** Names with reasons. */
  readonly missing: readonly (readonly [name: string, why: string])[]
  /** Prints names beside addresses, as old nslookup did: NAME names. */
  readonly lines: Program | undefined
}

const sources = fileURLToPath(new URL('sources', import.meta.url))
const run = (
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000, ...options })

/** Builds everything that can be built. */
export function buildPrograms(folder: string): Programs {
  const here: Program[] = []
  const missing: [string, string][] = []
  const attempt = (name: string, make: () => Program): Program | undefined => {
    try {
      const program = make()
      here.push(program)
      return program
    } catch (error) {
      missing.push([name, (error as Error).message.split('\n').slice(0, 2).join(' ')])
      return undefined
    }
  }
  const lookup = join(sources, 'lookup.c')
  attempt('glibc', () => ({
    name: 'glibc',
    version: versionOf('getent', '--version'),
    resolver: 'glibc',
    command: [which('getent'), 'ahosts'],
  }))
  attempt('musl', () => {
    const root = unpack(folder, ['musl-dev'])
    const lib = join(
      root,
      'usr/lib',
      readdirSync(join(root, 'usr/lib')).find((name) => name.endsWith('-linux-musl')) ?? '',
    )
    const include = lib.replace('/usr/lib/', '/usr/include/')
    const parts = ['crt1.o', 'crti.o'].map((part) => join(lib, part))
    run('gcc', [
      '-static',
      '-nostdinc',
      '-nostdlib',
      '-isystem',
      include,
      '-o',
      join(folder, 'lookup-musl'),
      ...parts,
      lookup,
      join(lib, 'libc.a'),
      '-lgcc',
      join(lib, 'crtn.o'),
    ])
    return {
      name: 'musl',
      version: packageVersion(root, 'musl-dev'),
      resolver: 'musl',
      command: [join(folder, 'lookup-musl')],
    }
  })
  attempt('Go', () => {
    const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' }
    run('go', ['build', '-o', join(folder, 'lookup-go'), join(sources, 'lookup.go')], { env })
    return { name: 'Go', version: versionOf('go', 'version'), resolver: 'go', command: [join(folder, 'lookup-go')] }
  })
  attempt('Python', () => ({
    name: 'Python',
    version: versionOf('python3', '--version'),
    resolver: 'glibc',
    command: [which('python3'), join(sources, 'getaddrinfo.py')],
  }))
  const node = process.versions.node
  here.push({
    name: 'Node lookup',
    version: node,
    resolver: 'node',
    command: nodeCommand('lookup', 'dns.lookup(name, { all: true })'),
  })
  here.push({
    name: 'Node resolve',
    version: node,
    resolver: 'node-resolve',
    command: nodeCommand('resolve', 'dns.resolve4(name)'),
  })
  attempt('c-ares', () => {
    const root = unpack(folder, ['libc-ares2', 'libc-ares-dev'])
    const lib = join(root, 'usr/lib', readdirSync(join(root, 'usr/lib'))[0] ?? '')
    run('gcc', [
      '-o',
      join(folder, 'lookup-cares'),
      join(sources, 'cares.c'),
      `-I${join(root, 'usr/include')}`,
      `-L${lib}`,
      `-Wl,-rpath,${lib}`,
      '-lcares',
    ])
    return {
      name: 'c-ares',
      version: packageVersion(root, 'libc-ares2'),
      resolver: 'c-ares',
      command: [join(folder, 'lookup-cares')],
    }
  })
  attempt('busybox', () => ({
    name: 'busybox',
    version: versionOf('busybox', '--help'),
    resolver: 'busybox',
    command: [which('busybox'), 'nslookup'],
  }))
  attempt('systemd-resolved', () => {
    const root = unpack(folder, ['systemd-resolved', 'libsystemd-shared'])
    const libraries = ['lib/x86_64-linux-gnu/systemd', 'usr/lib/x86_64-linux-gnu/systemd', 'lib/systemd'].map((path) =>
      join(root, path),
    )
    return {
      name: 'systemd-resolved',
      version: packageVersion(root, 'systemd-resolved'),
      resolver: 'systemd-resolved',
      command: [which('python3'), join(sources, 'resolved.py'), join(root, 'lib/systemd/systemd-resolved')],
      env: { LD_LIBRARY_PATH: libraries.join(':') },
      ownRun: true,
    }
  })
  attempt('dig', () => ({
    name: 'dig',
    version: versionOf('dig', '-v'),
    resolver: undefined,
    command: [which('dig'), '+search', '+short', '+tries=1', '+time=3'],
  }))
  attempt('kdig', () => ({
    name: 'kdig',
    version: versionOf('kdig', '-V'),
    resolver: undefined,
    command: [which('kdig'), '+short', '+retry=0', '+time=3'],
  }))
  attempt('delv', () => ({
    name: 'delv',
    version: versionOf('delv', '-v'),
    resolver: undefined,
    command: [which('delv'), '-i', '+short'],
  }))
  let lines: Program | undefined
  try {
    run('gcc', ['-o', join(folder, 'lookup-glibc'), lookup])
    lines = {
      name: 'lines',
      version: versionOf('getent', '--version'),
      resolver: 'glibc',
      command: [join(folder, 'lookup-glibc')],
    }
  } catch (error) {
    missing.push(['lines of old nslookup', (error as Error).message.split('\n')[0] ?? ''])
  }
  return { here, missing, lines }
}

function nodeCommand(kind: string, call: string): string[] {
  const script = `
    import dns from 'node:dns/promises'
    const name = process.argv.at(-1)
    try {
      for (const found of await ${call}) console.log(found.address ?? found)
    } catch (error) {
      console.log('${kind}:', error.code)
      process.exitCode = 1
    }`
  return [process.execPath, '--input-type=module', '--eval', script, '--']
}

/** The first number with dots in what a program says of itself. */
function versionOf(program: string, flag: string): string {
  return /[0-9]+\.[0-9]+(?:\.[0-9]+)*/.exec(run('sh', ['-c', `${program} ${flag} 2>&1`]))?.[0] ?? ''
}

function packageVersion(root: string, name: string): string {
  return /_([0-9][0-9.]*)/.exec(readdirSync(root).find((file) => file.startsWith(`${name}_`)) ?? '')?.[1] ?? ''
}

function which(program: string): string {
  return run('sh', ['-c', `command -v ${program}`]).trim()
}

/** Fetches packages with apt and unpacks them; returns the root of what they hold. */
function unpack(folder: string, packages: readonly string[]): string {
  const root = join(folder, 'packages', packages.join('+'))
  mkdirSync(root, { recursive: true })
  run('apt-get', ['download', ...packages], { cwd: root })
  for (const file of readdirSync(root).filter((name) => name.endsWith('.deb')))
    run('dpkg-deb', ['-x', join(root, file), root])
  return root
}

/** Addresses in what a program printed, each once; those of the server, which nslookup prints first, left out. */
export function addressesIn(output: string, server: string): string[] {
  const words = output
    .split('\n')
    .filter((line) => !line.startsWith(`Address:\t${server}`) && !line.startsWith('Server:'))
    .flatMap((line) => line.split(/[\s]+/))
  return [...new Set(words.filter((word) => isIP(word) !== 0))].sort()
}
