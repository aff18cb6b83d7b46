// The server itself, with CoreDNS's flags.
import { rmSync, writeFileSync } from 'node:fs'
import { plugins } from '../plugins/index.ts'
import { platform, programName, version } from '../version.ts'
import { loadCorefile, readCorefile } from './corefile.ts'
import { explainUsage, FlagError, type Flags, parseFlags } from './flags.ts'
import { parsePort, run } from './run.ts'

const table = { valued: ['conf', 'dns.port', 'p', 'pidfile'], switches: ['plugins', 'quiet', 'version'] }

const usage = `usage: clusterdns [flags] | sandbox [flags] [MANIFEST...] | check FILE... |
       resolv [flags] | explain NAME [TYPE] [flags]
  -conf FILE      Corefile to load (default "Corefile"; "stdin": standard input)
  -dns.port PORT  port of zones that name none (default 53; 0: any free one)
  -p PORT         the same
  -pidfile FILE   file to write the process ID to
  -plugins        list the plugins
  -quiet          no banner
  -version        show the version
`

/** Serves until it is told to stop; resolves to the exit code: 0, 1 where it can't serve, 2 for flags that make no sense. */
export async function serve(args: readonly string[]): Promise<number> {
  let flags: Flags
  let port: number
  try {
    flags = parseFlags(args, table)
    if (flags.rest.length > 0) throw new FlagError(`extra command line arguments: [${flags.rest.join(' ')}]`)
    port = parsePort(flags.values.get('dns.port') ?? flags.values.get('p') ?? '53')
  } catch (error) {
    return explainUsage(error, usage)
  }
  if (flags.switches.has('version')) return print(`${programName}-${version}\n${platform}\n`)
  if (flags.switches.has('plugins')) return print(plugins.map((plugin) => `dns.${plugin.name}\n`).join(''))

  const conf = flags.values.get('conf')
  const pidFile = flags.values.get('pidfile')
  let written = false
  // Standard input can be read only once.
  const piped = conf === 'stdin' ? readCorefile(conf) : undefined
  return run({
    load: () =>
      loadCorefile(piped ?? readCorefile(conf), {
        file: conf === undefined || conf === '' ? 'Corefile' : conf,
        port,
      }),
    quiet: flags.switches.has('quiet'),
    started: (_blocks, log) => {
      if (pidFile === undefined) return
      try {
        writeFileSync(pidFile, `${process.pid}\n`)
        written = true
      } catch (error) {
        // As in CoreDNS: names are more important.
        log.error(`Could not write pidfile: ${(error as Error).message}`)
      }
    },
    ended: () => {
      if (pidFile !== undefined && written) rmSync(pidFile, { force: true })
    },
  })
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}
