// `npm run bench -- NAME [flags]` runs one benchmark, a file of this folder that exports `run`; `npm run bench -- all --smoke` runs
// each of them for about a second, to see that it runs.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const names = readdirSync(new URL('.', import.meta.url))
  .flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -3)] : []))
  .filter((name) => !['main', 'synthetic-cluster'].includes(name))

/** What needs no other program. */
const alone = ['chain', 'codec', 'sandbox', 'start']

const [name = '', ...args] = process.argv.slice(2)
if (name === 'all') {
  const hasLoad = spawnSync('dnsperf', ['-h']).error === undefined
  for (const each of names) {
    if (!hasLoad && !alone.includes(each)) process.stderr.write(`skipped: ${each} (Debian package dnsperf)\n`)
    // A process of its own for each: what one leaves behind is nobody else's.
    else if (
      spawnSync(process.execPath, [fileURLToPath(import.meta.url), each, ...args], { stdio: 'inherit' }).status !== 0
    ) {
      process.stderr.write(`failed: ${each}\n`)
      process.exitCode = 1
    }
  }
} else if (names.includes(name)) {
  const { run } = (await import(`./${name}.ts`)) as { run: (args: readonly string[]) => Promise<void> }
  await run(args)
} else {
  process.stderr.write(`usage: bench NAME [flags], or bench all; there are: ${names.join(', ')}\n`)
  process.exitCode = 2
}
