// Command-line flags by the rules of Go's flag package, so that arguments written for CoreDNS work here.

/** What flags there are: those with a value and those without. */
export interface FlagTable {
  readonly valued: readonly string[]
  readonly switches: readonly string[]
}

export interface Flags {
  readonly values: ReadonlyMap<string, string>
  readonly switches: ReadonlySet<string>
  /** What comes after the last flag. */
  readonly rest: readonly string[]
}

/** Arguments that make no sense; the message is Go's. */
export class FlagError extends Error {
  override name = 'FlagError'
}

/** `-h`, `-help`: no mistake, but nothing to go on with. */
class HelpWanted extends FlagError {
  override name = 'HelpWanted'
}

/** Says how a command is used, after what was wrong. Returns the exit code; throws what is no FlagError. */
export function explainUsage(error: unknown, usage: string): number {
  if (!(error instanceof FlagError)) throw error
  const isHelp = error instanceof HelpWanted
  process.stderr.write(isHelp ? usage : `${error.message}\n${usage}`)
  return isHelp ? 0 : 2
}

/**
 * `-f V`, `-f=V`, `--f V`, `--f=V`; a switch takes a value only after `=`. Reading stops at the first argument that is
 * no flag, and after `--`. The last of several equal flags counts. Throws FlagError.
 */
export function parseFlags(args: readonly string[], table: FlagTable): Flags {
  const values = new Map<string, string>()
  const switches = new Set<string>()
  let at = 0
  for (; at < args.length; at++) {
    const arg = args[at] as string
    if (arg === '--') {
      at++
      break
    }
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(arg)
    if (match === null) {
      if (arg.startsWith('-') && arg !== '-') throw new FlagError(`bad flag syntax: ${arg}`)
      break
    }
    const name = match[1] as string
    if (table.switches.includes(name)) {
      const on = parseBool(match[2] ?? 'true')
      if (on === undefined)
        throw new FlagError(`invalid boolean value ${JSON.stringify(match[2])} for -${name}: parse error`)
      if (on) switches.add(name)
      else switches.delete(name)
    } else if (table.valued.includes(name)) {
      const value = match[2] ?? args[++at]
      if (value === undefined) throw new FlagError(`flag needs an argument: -${name}`)
      values.set(name, value)
    } else if (name === 'h' || name === 'help') throw new HelpWanted('flag: help requested')
    else throw new FlagError(`flag provided but not defined: -${name}`)
  }
  return { values, switches, rest: args.slice(at) }
}

/** What Go's strconv.ParseBool takes. */
function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined
}
