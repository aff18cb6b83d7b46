// A container as kubelet has it made: runc (an OCI runtime) with namespaces, capabilities, mounts and cgroups as containerd
// writes them for a pod. Needs root.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export interface ContainerSpec {
  readonly name: string
  /** Where its files of bookkeeping go. */
  readonly folder: string
  /** The unpacked image. Several containers may share one. */
  readonly root: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** User and group. */
  readonly user: number
  readonly capabilities: readonly string[]
  /** The name of its network namespace, as iproute2 has it. */
  readonly network: string
  /** What is seen at which path, none of it to be written. */
  readonly mounts: Readonly<Record<string, string>>
  /** None where cgroups can't be made. */
  readonly limits?: Limits | undefined
}

export interface Limits {
  /** Octets. */
  readonly memory: number
  /** CPUs. */
  readonly cpu: number | undefined
}

export interface Container {
  /** Of its first process, as seen from outside. */
  readonly pid: number
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
  output(): string
  /** Resolves when the signal was sent, or nobody is there to get it. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** What the kernel counts for all of it, in octets: now, and at its highest. Undefined without limits. */
  memory(): { readonly now: number; readonly peak: number } | undefined
  /** How often the kernel has killed in it for want of memory. */
  outOfMemory(): number | undefined
}

/** Programs that have to be here: names of Debian packages. */
export const programs = ['runc'] as const

const v1 = '/sys/fs/cgroup/memory'
const v2 = '/sys/fs/cgroup'

/** Undefined where limits of memory and CPU can be set; else why not. */
export function limitObstacle(): string | undefined {
  const isV1 = existsSync(`${v1}/memory.limit_in_bytes`)
  const controllers = isV1 ? '' : readFileSync(`${v2}/cgroup.controllers`, 'utf8')
  if (!isV1 && !/\bmemory\b/.test(controllers)) return 'cgroups have no controller of memory here'
  const probe = join(isV1 ? v1 : v2, `clusterdns-${process.pid}-probe`)
  try {
    mkdirSync(probe)
    rmdirSync(probe)
    return undefined
  } catch (error) {
    return `cgroups can't be made: ${(error as Error).message}`
  }
}

/** Starts it; resolves when its first process runs. Whoever starts it ends it. */
export async function startContainer(spec: ContainerSpec): Promise<Container> {
  const bundle = join(spec.folder, spec.name)
  const state = join(spec.folder, 'runc')
  rmSync(bundle, { recursive: true, force: true })
  mkdirSync(bundle, { recursive: true })
  const cgroup = join(cgroupOf(spec.folder), spec.name)
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(configOf(spec, cgroup)))
  const runc = ['--root', state]
  const pidFile = join(bundle, 'pid')
  const args = [...runc, 'run', '--bundle', bundle, '--pid-file', pidFile, spec.name]
  const child = spawn('runc', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const pid = await pidIn(pidFile, child, () => output)
  return {
    pid,
    ended,
    output: () => output,
    kill: async (signal) => {
      await once(spawn('runc', [...runc, 'kill', spec.name, signal], { stdio: 'ignore' }), 'exit')
    },
    memory() {
      if (spec.limits === undefined) return undefined
      const [now, peak] = existsSync(v1)
        ? ['memory.usage_in_bytes', 'memory.max_usage_in_bytes']
        : ['memory.current', 'memory.peak']
      const read = (file = '') => Number(readFileSync(join(existsSync(v1) ? v1 : v2, cgroup, file), 'utf8'))
      return { now: read(now), peak: read(peak) }
    },
    outOfMemory() {
      if (spec.limits === undefined) return undefined
      const file = existsSync(v1) ? join(v1, cgroup, 'memory.oom_control') : join(v2, cgroup, 'memory.events')
      return Number(/oom_kill (\d+)/.exec(readFileSync(file, 'utf8'))?.[1])
    },
  }
}

async function pidIn(file: string, child: ChildProcess, output: () => string): Promise<number> {
  for (let waited = 0; waited < 30_000; waited += 2) {
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
    if (pid > 0) return pid
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error(`no container: ${output()}`)
}

/** The OCI runtime specification's config.json, with what containerd's CRI plugin writes for a pod that isn't privileged. */
function configOf(spec: ContainerSpec, cgroup: string): object {
  const { args, capabilities, env, limits, mounts, network, root, user } = spec
  const mount = (destination: string, type: string, options: readonly string[], source = type) => ({
    destination,
    type,
    source,
    options,
  })
  const hidden = ['nosuid', 'noexec', 'nodev']
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: user, gid: user },
      args,
      env: ['PATH=/', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      cwd: '/',
      // Neither inheritable nor ambient: so it is done in Kubernetes.
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: spec.name,
    mounts: [
      mount('/proc', 'proc', hidden),
      mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
      mount('/dev/shm', 'tmpfs', [...hidden, 'mode=1777', 'size=65536k']),
      mount('/sys', 'sysfs', [...hidden, 'ro']),
      ...(limits === undefined ? [] : [mount('/sys/fs/cgroup', 'cgroup', [...hidden, 'relatime', 'ro'])]),
      ...Object.entries(mounts).map(([target, source]) => mount(target, 'bind', ['rbind', 'rprivate', 'ro'], source)),
    ],
    linux: {
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
        { type: 'network', path: `/run/netns/${network}` },
      ],
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/timer_list',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
      ...(limits === undefined
        ? {}
        : {
            cgroupsPath: cgroup,
            resources: {
              memory: { limit: limits.memory },
              cpu:
                limits.cpu === undefined
                  ? { shares: 102 }
                  : { quota: limits.cpu * 100_000, period: 100_000, shares: 102 },
            },
          }),
    },
  }
}

/** The one that the cgroups of all containers with this folder are in. */
const cgroupOf = (folder: string) => `/${basename(folder)}`

/** Removes what containers with this folder have left in the kernel; all of them have ended. */
export function removeCgroups(folder: string): void {
  for (const controller of ['.', ...readdirSync(v2)]) removeFolder(join(v2, controller, cgroupOf(folder)))
}

/** The files of cgroups can't be removed; the folders can, when nothing runs in them. */
function removeFolder(folder: string): void {
  if (!existsSync(folder)) return
  const inside = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of inside) removeFolder(join(folder, name))
  rmdirSync(folder)
}

/** The unpacked image of buildah's, and what its configuration says; `remove` takes it away. */
export interface UnpackedImage {
  readonly root: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: number
  remove(): void
}

/** Undefined where there is no image of that name. */
export function unpackImage(name: string): UnpackedImage | undefined {
  const buildah = (...args: readonly string[]) => execFileSync('buildah', args, { encoding: 'utf8' }).trim()
  if (spawnSync('buildah', ['inspect', '--type', 'image', name]).status !== 0) return undefined
  const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', name)) as {
    readonly OCIv1: { readonly config: { Entrypoint: string[]; Cmd?: string[]; Env: string[]; User: string } }
  }
  const { Entrypoint, Cmd = [], Env, User } = OCIv1.config
  const container = buildah('from', '--pull-never', name)
  return {
    root: buildah('mount', container),
    args: [...Entrypoint, ...Cmd],
    env: Object.fromEntries(Env.map((line) => [line.replace(/=.*/s, ''), line.replace(/^[^=]*=/, '')])),
    user: Number.parseInt(User, 10),
    remove: () => void buildah('rm', container),
  }
}
