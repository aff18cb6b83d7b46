// One directive `template` as it stands in the Corefile.
import { CorefileError, type Directive, type ServerBlock } from '../../corefile/directive.ts'
import { readArgs, wrongArgumentCount } from '../../corefile/read-block.ts'
import { parseZones, zonesOf } from '../../corefile/zones.ts'
import { Class, parseRcode, parseType, printRcode, printType, Rcode } from '../../dns/codes.ts'
import { type Name, root } from '../../dns/name.ts'
import type { ExtendedError } from '../../dns/reply.ts'
import { compilePattern, PatternError } from '../../regexp.ts'
import { parseTemplate, TemplateError } from './syntax.ts'

export type Section = 'answer' | 'additional' | 'authority'

export interface Rule {
  /** Of the questions it is for; ANY for all. */
  readonly class: number
  readonly type: number
  readonly zones: readonly Name[]
  /** Regular expressions, the first that matches counts; none at all match everything. */
  readonly patterns: readonly string[]
  /** For each record one, in the order of the sections of a message and that of the Corefile. */
  readonly templates: readonly { readonly section: Section; readonly source: string }[]
  readonly rcode: number
  readonly error: ExtendedError | undefined
  /** Names in these zones that no pattern matches go on to the next rule or plugin. */
  readonly fallthrough: readonly Name[]
}

const maxPatternLength = 10_000

/** Throws CorefileError. */
export function parseRule(directive: Directive, block: ServerBlock): Rule {
  const [className, typeName, ...zones] = directive.args
  if (className === undefined || typeName === undefined) throw wrongArgumentCount(directive)
  if (!Object.hasOwn(Class, className)) throw new CorefileError(directive, `invalid query class ${className}`)
  const type = typeName === 'Reserved' ? 0xffff : parseType(typeName)
  const isName = type !== undefined && (printType(type) === typeName || type === 0xffff)
  // TYPE65280 is no name, here as in CoreDNS.
  if (!isName || /^TYPE[0-9]/.test(typeName)) throw new CorefileError(directive, `invalid RR class ${typeName}`)
  return {
    class: Class[className as keyof typeof Class],
    type,
    zones: zonesOf(zones, block),
    ...parseProperties(directive),
  }
}

function parseProperties(directive: Directive): Omit<Rule, 'class' | 'type' | 'zones'> {
  const patterns: string[] = []
  const sources: Record<Section, string[]> = { answer: [], authority: [], additional: [] }
  let rcode: number = Rcode.NOERROR
  let error: ExtendedError | undefined
  let fallthrough: readonly Name[] = []
  for (const property of directive.block) {
    const { name, args } = property
    if (property.block.length > 0) throw new CorefileError(property, "unknown property '{'")
    switch (name) {
      case 'match':
        if (args.length === 0) throw wrongArgumentCount(property)
        patterns.push(...args.map((arg) => checkPattern(arg, property)))
        break
      case 'answer':
      case 'additional':
      case 'authority':
        if (args.length === 0) throw wrongArgumentCount(property)
        sources[name].push(...args.map((arg) => checkTemplate(name, arg, property)))
        break
      case 'rcode':
        rcode = parseRuleRcode(property)
        break
      case 'ederror':
        error = parseExtendedError(property)
        break
      case 'fallthrough':
        fallthrough = args.length === 0 ? [root] : parseZones(args)
        break
      case 'upstream':
        // Nothing for years, and in Corefiles still.
        break
      default:
        throw wrongArgumentCount({ ...property, args: [] })
    }
  }
  const templates = (['answer', 'authority', 'additional'] as const).flatMap((section) =>
    sources[section].map((source) => ({ section, source })),
  )
  return { patterns, templates, rcode, error, fallthrough }
}

function checkPattern(pattern: string, property: Directive): string {
  const length = Buffer.byteLength(pattern)
  if (length > maxPatternLength) {
    throw new CorefileError(property, `regex pattern too long: ${length} > ${maxPatternLength}`)
  }
  try {
    compilePattern(pattern)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw new CorefileError(property, `could not parse regex: ${pattern}, ${error.message}`, { cause: error })
  }
  return pattern
}

function checkTemplate(section: Section, source: string, property: Directive): string {
  try {
    parseTemplate(section, source)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    const problem = `could not compile template: ${property.args.at(-1)}, ${error.message}`
    throw new CorefileError(property, problem, { cause: error })
  }
  return source
}

function parseRuleRcode(property: Directive): number {
  const [text, extra] = property.args
  if (text === undefined) throw wrongArgumentCount(property)
  const known: Readonly<Record<string, number>> = { NOTIMPL: Rcode.NOTIMP, BADSIG: Rcode.BADVERS }
  const rcode = Object.hasOwn(known, text) ? known[text] : parseRcode(text)
  const isName = rcode !== undefined && (text in known || (printRcode(rcode) === text && text !== 'BADVERS'))
  if (!isName || /^RCODE[0-9]/.test(text)) throw new CorefileError(property, `unknown rcode ${text}`)
  // What follows would be the next property.
  if (extra !== undefined) throw wrongArgumentCount({ ...property, args: [extra] })
  return rcode
}

function parseExtendedError(property: Directive): ExtendedError {
  const [code = '', text = ''] = readArgs(property, 1, 2)
  const why = !/^[0-9]+$/.test(code) ? 'invalid syntax' : Number(code) > 0xffff ? 'value out of range' : undefined
  if (why === undefined) return { code: Number(code), text }
  const last = property.args.at(-1)
  const problem = `strconv.ParseUint: parsing ${JSON.stringify(code)}: ${why}`
  throw new CorefileError(property, `error parsing extended DNS error code ${last}, ${problem}`)
}
