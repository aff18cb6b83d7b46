// `npm run bundle [FOLDER [PACKAGES]]`: the program as a few files of JavaScript that need Node and nothing else, by default in
// dist. PACKAGES is the node_modules with koffi's library for the platform it will run on, by default this one's.
// REVISION in the environment is the source's, for `-version` and `build_info`.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What modules look for beside themselves, and where it is in the bundle, whose chunks all lie in one folder. */
const neighbours: Readonly<Record<string, readonly [source: string, bundle: string]>> = {
  'src/server/server.ts': ["'./worker.ts'", "'./worker.js'"],
  'src/version.ts': ["'../package.json'", "'./package.json'"],
  'src/cli/sandbox.ts': ["'../../manifests/walkthroughs'", "'./walkthroughs'"],
}

/**
 * What can't be in a chunk, and what of it is needed: koffi finds its library of machine code beside itself, and re2js is
 * loaded by name when the first pattern is.
 */
const beside: Readonly<Record<string, readonly string[]>> = {
  koffi: ['package.json', 'LICENSE.txt', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'],
  re2js: ['package.json', 'LICENSE', 'build/index.cjs'],
}

const relocation: Plugin = {
  name: 'relocation',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const neighbour = neighbours[relative(root, path)]
      if (neighbour === undefined) return undefined
      const [from, to] = neighbour
      const text = readFileSync(path, 'utf8')
      if (text.split(from).length !== 2) throw new Error(`${path} names ${from} not once`)
      return { contents: text.replace(from, to), loader: 'ts' }
    })
  },
}

/**
 * Whoever imports node:http as a module has all that it exports made, WebSocket too, and with that comes undici: 7 MiB that
 * nobody uses, in every thread. What has to be made is left out.
 */
const slimHttp: Plugin = {
  name: 'slim-http',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'require-call' ? undefined : { path: 'node:http', namespace: 'slim-http' },
    )
    onLoad({ filter: /.*/, namespace: 'slim-http' }, () => {
      const parts = Object.entries(Object.getOwnPropertyDescriptors(http))
      const names = parts.filter(([, part]) => part.get === undefined).map(([name]) => name)
      const lines = names.map((name) => `export const ${name} = http.${name}`)
      return {
        contents: ["const http = process.getBuiltinModule('node:http')", 'export default http', ...lines].join('\n'),
      }
    })
  },
}

/**
 * Builds the bundle in a folder, in the place of what was there. The revision may be ''. `packages` is the node_modules where
 * koffi's libraries of machine code are.
 */
export async function bundle(
  folder: string,
  revision: string,
  packages: string = join(root, 'node_modules'),
): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'src/main.ts', worker: 'src/server/worker.ts' },
    outdir: folder,
    bundle: true,
    // What is loaded only on demand in the source stays so: each thread keeps what it loads.
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [relocation, slimHttp],
    banner: {
      // Packages of the older kind call require().
      js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);",
    },
  })
  const { name, version, license, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    unknown
  >
  const own = { name, version, revision, license, private: true, type: 'module', main: 'main.js', engines }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  writeFileSync(join(folder, 'licenses.txt'), licenses(metafile))
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  cpSync(join(root, 'manifests/walkthroughs'), join(folder, 'walkthroughs'), { recursive: true })
  copyPackages(folder, packages)
}

function copyPackages(folder: string, packages: string): void {
  const modules = join(root, 'node_modules')
  for (const [name, paths] of Object.entries(beside)) {
    // Optional ones may have no build for this platform.
    if (!existsSync(join(modules, name))) continue
    for (const path of paths) cpSync(join(modules, name, path), join(folder, 'node_modules', name, path))
  }
  const libraries = join(packages, '@koromix')
  if (!existsSync(libraries)) return
  for (const name of readdirSync(libraries).filter((each) => each.startsWith('koffi-linux-'))) {
    mkdirSync(join(folder, 'node_modules/@koromix'), { recursive: true })
    cpSync(join(libraries, name), join(folder, 'node_modules/@koromix', name), { recursive: true })
  }
}

/** The licenses of all packages that chunks were made from, which ask to go with every copy. */
function licenses({ inputs }: Metafile): string {
  const packages = new Set(
    Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  const texts = [...packages].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Record<
      string,
      string
    >
    const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each))
    const text = file === undefined ? `License: ${license}` : readFileSync(join(root, path, file), 'utf8').trim()
    return `${name} ${version}\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

if (import.meta.main) {
  const [folder = join(root, 'dist'), packages = join(root, 'node_modules')] = process.argv.slice(2)
  await bundle(resolve(folder), process.env.REVISION ?? '', resolve(packages))
}
