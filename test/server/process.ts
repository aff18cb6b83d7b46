// Our program as a process of its own, for tests that ask it over the wire and send it signals.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Started {
  readonly process: ChildProcess
  /** All it has printed so far, standard error after standard output. */
  output(): string
  /** Resolves when what was printed matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<void>
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
}

export interface Program extends Started {
  /** The port in the banner. */
  readonly port: number
}

/** A folder of its own for a test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'clusterdns-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

interface StartOptions {
  /** What it reads from standard input. */
  readonly input?: string
  readonly cwd?: string
  /** What Node runs; the source where absent. */
  readonly main?: string
}

/** Starts the program with these arguments; it is ended with the test. */
export function start(t: TestContext, args: readonly string[], options: StartOptions = {}): Started {
  const started = launch(args, options)
  t.after(async () => {
    if (started.process.exitCode === null) started.process.kill('SIGKILL')
    await started.ended
  })
  return started
}

/** Starts the program; whoever does so has to end it. */
export function launch(args: readonly string[], { input = '', cwd, main = source }: StartOptions = {}): Started {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'], cwd })
  child.stdin.end(input)
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const closed = once(child, 'close')
  const told = { out: '', error: '' }
  const listeners = new Set<() => void>()
  const tell = (stream: 'out' | 'error') => (chunk: Buffer) => {
    told[stream] += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', tell('out'))
  child.stderr.on('data', tell('error'))
  const output = () => told.out + told.error
  return {
    process: child,
    output,
    ended: closed.then(() => ended),
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(output())) return
          listeners.delete(check)
          resolve()
        }
        listeners.add(check)
        void closed.then(() => reject(new Error(`ended before it printed ${pattern}: ${output()}`)))
        check()
      }),
  }
}

/** Starts a server with this Corefile on a free port; resolves when it answers. */
export async function serve(t: TestContext, corefile: string): Promise<Program & { readonly file: string }> {
  const file = join(folderFor(t), 'Corefile')
  writeFileSync(file, corefile)
  const program = start(t, ['-conf', file, '-dns.port', '0'])
  await program.printed(/\nlinux\/|\ndarwin\//)
  return { ...program, file, port: Number(/:(\d+)(?: on \S+)?\n/.exec(program.output())?.[1]) }
}
