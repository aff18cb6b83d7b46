// `npm run image`: builds the Dockerfile with buildah, by default on images made of Debian packages, so that no registry is
// needed; says how large the image is, and of what.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildah, buildahLoudly, need, run } from './buildah.ts'
import { type Architecture, makeBaseImage, makeBuildImage } from './debian-image.ts'
import { compressedSize, type Part, partsOf } from './image-parts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const usage = `usage: npm run image -- [--arch amd64|arm64] [--base IMAGE] [--build-image IMAGE] [--tag NAME]
  --arch          what it is for; this machine's by default
  --base          what it stands on; made of Debian packages by default
  --build-image   Debian with apt and npm, to build it in; made of Debian packages by default
  --tag           its name; localhost/clusterdns:VERSION by default, with -ARCH where that is not this machine's
`

const native: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'

interface Wanted {
  readonly architecture: Architecture
  readonly base: string | undefined
  readonly buildImage: string | undefined
  readonly tag: string
}

/** Throws TypeError for arguments that make no sense. */
function parse(args: readonly string[]): Wanted {
  const string = { type: 'string' } as const
  const options = { arch: string, base: string, 'build-image': string, tag: string }
  const { values } = parseArgs({ args: [...args], options })
  const { arch = native } = values
  if (arch !== 'amd64' && arch !== 'arm64') throw new TypeError(`no architecture of ours: ${arch}`)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }
  const tag = values.tag ?? `localhost/clusterdns:${version}${arch === native ? '' : `-${arch}`}`
  return { architecture: arch, base: values.base, buildImage: values['build-image'], tag }
}

function isThere(image: string): boolean {
  return run('buildah', ['images', '--quiet', '--filter', `reference=${image}`]) !== ''
}

interface Ground {
  readonly architecture: Architecture
  /** Its name, if one was asked for. */
  readonly given: string | undefined
  /** The name of the one that `make` makes. */
  readonly made: string
  readonly make: (name: string) => void
}

/** The name of an image to build on: the one given, pulled, or the one made. Either only if it isn't there yet. */
function provide({ architecture, given, made, make }: Ground): string {
  if (given !== undefined) {
    if (!isThere(given)) buildahLoudly(['pull', '--quiet', '--arch', architecture, given])
    return given
  }
  if (!isThere(made)) {
    process.stdout.write(`making ${made} of Debian packages\n`)
    make(made)
  }
  return made
}

/** '' where this is no checkout of git's. */
function sourceRevision(): string {
  const args = ['-C', root, 'describe', '--always', '--dirty', '--exclude', '*']
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : ''
}

function build({ architecture, base, buildImage, tag }: Wanted): void {
  need(['buildah'])
  const node = process.versions.node
  const ground = provide({
    architecture,
    given: base,
    made: `localhost/clusterdns-base:bookworm-${architecture}`,
    make: (name) => makeBaseImage(name, architecture),
  })
  const builder = provide({
    architecture: native,
    given: buildImage,
    made: `localhost/clusterdns-build:${node}`,
    make(name) {
      need(['debootstrap'])
      makeBuildImage(name, native, join(run('npm', ['root', '--global']).trim(), 'npm'))
    },
  })
  const revision = sourceRevision()
  const buildArguments = {
    BASE_IMAGE: ground,
    BUILD_IMAGE: builder,
    NODE_VERSION: node,
    REVISION: revision,
    // With --platform, buildah 1.28 takes the platform of the first stage for that of the last. The base has the right one.
    TARGETARCH: architecture,
  }
  buildahLoudly([
    'build',
    ...['--tag', tag],
    ...Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    root,
  ])
  const container = buildah(['from', '--pull-never', tag]).trim()
  try {
    const parts = partsOf(buildah(['mount', container]).trim(), architecture)
    const title = [tag, revision, `linux/${architecture}`].filter((part) => part !== '').join(', ')
    process.stdout.write(`\n${title}\n${table(parts, compressedSize(tag))}`)
  } finally {
    buildah(['rm', container])
  }
}

function table(parts: readonly Part[], compressed: number): string {
  const mebibytes = (octets: number) => `${(octets / 2 ** 20).toFixed(1).padStart(7)} MiB`
  const total = parts.reduce((sum, { size }) => sum + size, 0)
  const rows = [...parts, { name: 'all of it', size: total }, { name: 'compressed, as it is pulled', size: compressed }]
  return rows.map(({ name, size }) => `${mebibytes(size)}  ${name}\n`).join('')
}

try {
  build(parse(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof Error)) throw error
  process.stderr.write(error instanceof TypeError ? `${error.message}\n${usage}` : `${error.message}\n`)
  process.exitCode = 1
}
