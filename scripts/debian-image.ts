// Images made of Debian packages, for where there is no registry to pull any from: what ours stands on, and what it is built
// in. Debian's packages come from where this machine has its own, their signatures are checked with its keys. Needs root, Debian's apt, and buildah.
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildah, run } from './buildah.ts'

export type Architecture = 'amd64' | 'arm64'

const suite = 'bookworm'
const suites = [suite, `${suite}-updates`, `${suite}-security`]

/** The packages that Node.js needs, with what these need. */
const basePackages = ['libstdc++6']

/** Makes an image of the C and C++ libraries, and nothing else. */
export function makeBaseImage(name: string, architecture: Architecture): void {
  withFolder((folder) => {
    const root = join(folder, 'root')
    unpack(folder, architecture, root)
    // What ld.so can't need: other character sets, and text about packages but for their licenses.
    for (const path of ['usr/share/lintian', 'usr/share/locale', 'usr/share/man', 'usr/share/gcc', 'usr/share/gdb']) {
      rmSync(join(root, path), { recursive: true, force: true })
    }
    for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (/\/gconv$|^usr\/share\/doc\/.*\/(?!copyright$)[^/]+$/.test(path)) {
        rmSync(join(root, path), { recursive: true, force: true })
      }
    }
    mkdirSync(join(root, 'etc'), { recursive: true })
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/\nnonroot:x:65532:65532:nonroot:/:/\n')
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
    for (const path of ['dev', 'proc', 'sys', 'tmp']) mkdirSync(join(root, path), { recursive: true })
    commit(folder, { name, architecture, containerfile: 'FROM scratch\nCOPY root/ /\n' })
  })
}

function unpack(folder: string, architecture: Architecture, root: string): void {
  // Lists and packages of its own: what this machine has installed doesn't count, and is left alone.
  const state = join(folder, 'apt')
  for (const path of ['lists/partial', 'archives/partial']) mkdirSync(join(state, path), { recursive: true })
  writeFileSync(join(state, 'sources.list'), sources())
  writeFileSync(join(state, 'status'), '')
  const options = Object.entries({
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
  }).flatMap(([key, value]) => ['-o', `${key}=${value}`])
  run('apt-get', [...options, '-qq', 'update'])
  run('apt-get', [...options, '-qq', 'install', '--yes', '--download-only', '--no-install-recommends', ...basePackages])
  mkdirSync(root)
  for (const file of readdirSync(join(state, 'archives')).filter((each) => each.endsWith('.deb'))) {
    run('dpkg-deb', ['--extract', join(state, 'archives', file), root])
  }
}

/** Of the suites, where this machine's apt has them from: at least the first. */
function mirrors(): readonly { readonly uri: string; readonly name: string }[] {
  const targets = run('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE)', 'Identifier: Packages'])
  const found = [...new Set(targets.trim().split('\n'))].map((line) => line.split(' '))
  const known = suites.flatMap((name) => {
    const [uri] = found.find(([, release]) => release === name) ?? []
    return uri === undefined ? [] : [{ uri, name }]
  })
  if (known[0]?.name !== suite) throw new Error(`apt of this machine has no source of Debian ${suite}`)
  return known
}

const sources = () =>
  mirrors()
    .map(({ uri, name }) => `deb ${uri} ${name} main\n`)
    .join('')

/** Makes an image of Debian with apt, this Node.js, and the npm at this folder. */
export function makeBuildImage(name: string, architecture: Architecture, npm: string): void {
  withFolder((folder) => {
    const root = join(folder, 'root')
    run('debootstrap', [
      '--variant=minbase',
      '--include=ca-certificates,libatomic1,libstdc++6',
      suite,
      root,
      mirrors()[0]?.uri ?? '',
    ])
    writeFileSync(join(root, 'etc/apt/sources.list'), sources())
    copyFileSync(process.execPath, join(root, 'usr/local/bin/node'))
    cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true })
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'))
    // Authorities that this machine trusts are trusted in there, for builds behind a proxy of one's own.
    const bundle = 'etc/ssl/certs/ca-certificates.crt'
    copyFileSync(join('/', bundle), join(root, bundle))
    const registry = run('npm', ['config', 'get', 'registry']).trim()
    const containerfile = `FROM scratch
COPY root/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV NODE_EXTRA_CA_CERTS=/${bundle} npm_config_registry=${registry}
`
    commit(folder, { name, architecture, containerfile })
  })
}

interface Commit {
  readonly name: string
  readonly architecture: Architecture
  readonly containerfile: string
}

function commit(folder: string, { name, architecture, containerfile }: Commit): void {
  const file = join(folder, 'Containerfile')
  writeFileSync(file, containerfile)
  buildah(['build', '--quiet', '--arch', architecture, '--file', file, '--tag', name, dirname(file)])
}

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-image-'))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
