// `autopath`: walks the search list in the client's stead, so that one question finds what would take it many.
import { readFileSync } from 'node:fs'
import { CorefileError, type Directive, type ServerBlock } from '../../corefile/directive.ts'
import { readBlock, readNothing } from '../../corefile/read-block.ts'
import { parseZones } from '../../corefile/zones.ts'
import { Class, Opcode } from '../../dns/codes.ts'
import { isWithin, lowerName, type Name, NameError, parseName, root } from '../../dns/name.ts'
import type { Query } from '../../dns/query.ts'
import type { Plugin, WorkerContext } from '../../plugin.ts'
import { parseResolvConf } from '../../resolver/resolv-conf.ts'
import { walkSearchPath } from './search-walk.ts'

export interface AutopathConfig {
  readonly zones: readonly Name[]
  /** The search path of every client, the empty search last; or the plugin that knows that of each. */
  readonly path: readonly Name[] | { readonly plugin: string }
  /** Clients that the plugin doesn't know have the path that their question ends with. */
  readonly fromQuestion: boolean
  /** To be said when it starts. */
  readonly warnings: readonly string[]
}

export const autopath: Plugin<AutopathConfig> = {
  name: 'autopath',

  /** Of several the last counts, as in CoreDNS. */
  parse(directives, block) {
    let config: AutopathConfig | undefined
    for (const directive of directives) config = parseDirective(directive, block)
    if (config === undefined) throw new RangeError('no directive')
    return config
  },

  background({ warnings }, { log }) {
    for (const warning of warnings) log.warning(warning)
    return {}
  },

  handler(config, context) {
    const pathOf = pathFinder(config, context)
    return (query, next) => {
      if (query.class !== Class.IN || query.opcode !== Opcode.QUERY) return next(query)
      if (!config.zones.some((zone) => isWithin(query.name, zone))) return next(query)
      const path = pathOf(query)
      return path !== undefined && begins(query, path) ? walkSearchPath(query, path, next, context.log) : next(query)
    }
  },
}

function pathFinder(
  { path, fromQuestion }: AutopathConfig,
  { offers }: WorkerContext,
): (query: Query) => readonly Name[] | undefined {
  if (!('plugin' in path)) return () => path
  const facets = offers.get(path.plugin)
  if (!fromQuestion) return (query) => facets?.searchPath?.(query)
  return (query) => {
    const known = facets?.searchPath?.(query)
    return known !== undefined && begins(query, known) ? known : facets?.searchPathInQuestion?.(query)
  }
}

/** Only what ends with the first domain of the list begins a walk. */
function begins({ name }: Query, [own]: readonly Name[]): boolean {
  return own !== undefined && name !== own && isWithin(name, own)
}

function parseDirective(directive: Directive, block: ServerBlock): AutopathConfig {
  const source = directive.args.at(-1)
  if (source === undefined) throw new CorefileError(directive, 'no resolv-conf specified')
  let fromQuestion = false
  readBlock(directive, {
    from_question: (property) => {
      readNothing(property)
      fromQuestion = true
    },
  })
  const args = directive.args.slice(0, -1)
  const zones = args.length > 0 ? parseZones(args) : block.keys.map((key) => key.zone)
  if (!source.startsWith('@')) {
    if (fromQuestion) throw new CorefileError(directive, 'from_question needs a plugin instead of a file')
    return { zones, path: readSearchPath(source, directive), fromQuestion, warnings: [] }
  }
  const plugin = source.slice(1)
  const there = block.directives.find((candidate) => candidate.name === plugin)
  if (there !== undefined && plugin !== 'kubernetes') {
    throw new CorefileError(directive, `${plugin} does not implement the AutoPather interface`)
  }
  return { zones, path: { plugin }, fromQuestion, warnings: warningsFor(plugin, there, fromQuestion) }
}

function warningsFor(plugin: string, there: Directive | undefined, fromQuestion: boolean): string[] {
  if (there === undefined)
    return [`@${plugin} is not in this server block: no search path is known, and none is walked`]
  const knowsPods = there.block.some((property) => property.name === 'pods' && property.args[0] === 'verified')
  if (knowsPods || fromQuestion) return []
  return [`@${plugin} has no 'pods verified': it doesn't know its clients, and no search path is walked`]
}

/** Of a file like /etc/resolv.conf. One without a search list has no path. */
function readSearchPath(file: string, directive: Directive): readonly Name[] {
  const { search } = parseResolvConf(readFile(file, directive))
  const names = search.flatMap((word) => {
    try {
      return [lowerName(parseName(word))]
    } catch (error) {
      if (error instanceof NameError) return []
      throw error
    }
  })
  return names.length === 0 ? [] : [...names, root]
}

function readFile(file: string, directive: Directive): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? `open ${file}: no such file or directory`
        : code === 'EISDIR'
          ? `read ${file}: is a directory`
          : message
    throw new CorefileError(directive, `failed to parse ${JSON.stringify(file)}: ${why}`, { cause: error })
  }
}
