// `timeouts`: how long TCP clients may take, and how much they may ask over one connection.
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs } from '../corefile/read-block.ts'
import { parseDuration, parseInteger, printDuration, ValueError } from '../corefile/values.ts'
import type { Plugin, TcpAllowance } from '../plugin.ts'

const least = 1000
const most = 24 * 3600 * 1000

const fields: Readonly<Record<string, keyof TcpAllowance>> = { read: 'frame', write: 'write', idle: 'idle' }

export const timeouts: Plugin<TcpAllowance> = {
  name: 'timeouts',

  parse(directives) {
    return merge(directives.map(parseTimeouts))
  },

  listen(allowance, listen) {
    return { ...listen, tcp: { ...listen.tcp, ...allowance } }
  },
}

function parseTimeouts(directive: Directive): TcpAllowance {
  readArgs(directive, 0)
  if (directive.block.length === 0) throw new CorefileError(directive, 'timeouts block with no timeouts specified')
  return merge(directive.block.map(parseProperty))
}

/** What is said later counts. */
const merge = (allowances: readonly TcpAllowance[]): TcpAllowance => Object.assign({}, ...allowances)

function parseProperty(property: Directive): TcpAllowance {
  const { name, block } = property
  if (block.length > 0) throw new CorefileError(property, "Unexpected token '{', expecting argument")
  const value = readArg(property)
  if (name === 'maxtcpqueries') return { queries: parseQueries(property, value) }
  const timeout = parseTimeout(property, value)
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (field === undefined) throw new CorefileError(property, `unknown option: '${name}'`)
  return { [field]: timeout }
}

function parseQueries(property: Directive, text: string): number {
  let count: number
  try {
    count = parseInteger(text)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CorefileError(property, `invalid value for maxtcpqueries '${text}': ${error.message}`, { cause: error })
  }
  if (count === 0 || count < -1) {
    const words = `maxtcpqueries provided '${count}' needs to be -1 (unlimited) or a positive integer`
    throw new CorefileError(property, words)
  }
  return count === -1 ? Number.POSITIVE_INFINITY : count
}

/** Milliseconds; a number without a unit is seconds. */
function parseTimeout(property: Directive, text: string): number {
  let timeout: number
  try {
    timeout = parseDuration(/^[-+]?[0-9]+$/.test(text) ? `${text}s` : text)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new CorefileError(property, `failed to parse duration '${text}'`, { cause: error })
  }
  if (timeout < least || timeout > most) {
    const words = `timeout provided '${printDuration(timeout)}' needs to be between 1 second and 24 hours`
    throw new CorefileError(property, words)
  }
  return timeout
}
