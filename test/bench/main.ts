// `npm run bench -- NAME [flags]`: runs one benchmark, a file of this folder that exports `run`.
import { readdirSync } from 'node:fs'

const names = readdirSync(new URL('.', import.meta.url))
  .map((file) => file.replace(/\.ts$/, ''))
  .filter((name) => !['main', 'process-cpu', 'synthetic-cluster'].includes(name))
const [name = '', ...args] = process.argv.slice(2)
if (!names.includes(name)) {
  process.stderr.write(`usage: bench NAME [flags]; there are: ${names.join(', ')}\n`)
  process.exit(2)
}
const { run } = (await import(`./${name}.ts`)) as { run?: (args: readonly string[]) => Promise<void> }
await run?.(args)
