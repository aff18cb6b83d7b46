// Master files (RFC 1035 5, RFC 2308 4, RFC 3597 5): records one after the other, with $ORIGIN, $TTL and $INCLUDE, and
// $GENERATE as BIND has it.
import { dirname, isAbsolute, join } from 'node:path'
import { Class, printClass } from './codes.ts'
import { generate } from './generate.ts'
import { MasterEntryError, readEntries } from './master-entries.ts'
import type { Name } from './name.ts'
import { RecordError } from './record-error.ts'
import type { Rrset } from './rrset.ts'
import { maxTtl, parseRecordFields } from './text.ts'
import { Fields, type Token, tokenize } from './tokens.ts'

/** A master file that can't be used; the message is `FILE:LINE: PROBLEM`. */
export class MasterFileError extends Error {
  override name = 'MasterFileError'

  constructor(file: string, line: number, problem: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${problem}`, options)
  }
}

/** A record, as an rrset of its own, and where it stands. */
export interface MasterRecord {
  readonly rrset: Rrset
  readonly file: string
  readonly line: number
}

/** Files within files, at most; CoreDNS's number. */
const maxDepth = 7

/** What stands for octets that could not be read as UTF-8. */
const damage = '\ufffd'

interface Place {
  readonly file: string
  readonly origin: Name
  /** Seconds. */
  readonly ttl: number | undefined
  /** Was it set by $TTL? */
  readonly hasTtl: boolean
  readonly depth: number
}

/**
 * The records of class IN of a master file, in its order, read as they are asked for. Relative names are below the origin until
 * $ORIGIN says otherwise. `read` gives the text of a file that is included; what it throws is told with the place. A name
 * without a slash at its beginning is that of a file in the including one's folder. Throws MasterFileError, and nothing else.
 */
export function* readMasterFile(
  text: string,
  { file, origin, read }: { readonly file: string; readonly origin: Name; readonly read: (file: string) => string },
): Generator<MasterRecord> {
  yield* readFile(text, { file, origin, ttl: undefined, hasTtl: false, depth: 0 }, read)
}

function* readFile(text: string, place: Place, read: (file: string) => string): Generator<MasterRecord> {
  const { file, depth } = place
  let { origin, ttl, hasTtl } = place
  let owner: Name | undefined
  let line = 1
  const isDamaged = text.includes(damage)
  try {
    for (const entry of readEntries(text.replace(/^\ufeff/, ''))) {
      line = entry.line
      // Comments may be in any encoding.
      if (isDamaged && entry.text.includes(damage)) throw new RecordError('not in UTF-8')
      const tokens = tokenize(entry.text)
      if (tokens.length === 0) continue
      const isContinued = /^\s/.test(entry.text)
      const directive = isContinued ? undefined : directiveOf(tokens[0])
      if (directive === undefined) {
        const fields = new Fields(tokens, origin)
        if (!isContinued) owner = fields.name('owner')
        if (owner === undefined) throw new RecordError('the first record has no owner')
        const rrset = readRecord(fields, owner, ttl)
        // A TTL holds for the records after it that have none (RFC 1035 5.1), unless $TTL has set one (RFC 2308 4).
        if (!hasTtl) ttl = rrset.ttl
        yield { rrset, file, line }
        continue
      }
      const fields = new Fields(tokens.slice(1), origin)
      switch (directive) {
        case '$ORIGIN':
          origin = fields.name('origin')
          break
        case '$TTL':
          ttl = fields.seconds('TTL', maxTtl)
          hasTtl = true
          break
        case '$INCLUDE': {
          const { text: name } = fields.token('file')
          const within = fields.left > 0 ? fields.name('origin') : origin
          fields.end()
          if (depth >= maxDepth) throw new RecordError(`files included more than ${maxDepth} deep`)
          const path = isAbsolute(name) ? name : join(dirname(file), name)
          const included = readIncluded(path, read)
          yield* readFile(included, { file: path, origin: within, ttl, hasTtl, depth: depth + 1 }, read)
          break
        }
        case '$GENERATE':
          for (const generated of generate(fields.rest())) {
            const each = new Fields(generated, origin)
            yield { rrset: readRecord(each, each.name('owner'), ttl), file, line }
          }
          break
        default:
          throw new RecordError(`unknown directive ${JSON.stringify(directive)}`)
      }
      fields.end()
    }
  } catch (error) {
    if (error instanceof MasterEntryError) throw new MasterFileError(file, error.line, error.message, { cause: error })
    if (error instanceof RecordError) throw new MasterFileError(file, line, error.message, { cause: error })
    throw error
  }
}

function directiveOf(token: Token | undefined): string | undefined {
  return token?.text.startsWith('$') && !token.quoted ? token.text.toUpperCase() : undefined
}

function readRecord(fields: Fields, owner: Name, ttl: number | undefined): Rrset {
  const rrset = parseRecordFields(fields, owner, ttl)
  if (rrset.class !== Class.IN) throw new RecordError(`record of class ${printClass(rrset.class)}`)
  return rrset
}

function readIncluded(path: string, read: (file: string) => string): string {
  try {
    return read(path)
  } catch (error) {
    throw new RecordError(`can't include: ${(error as Error).message}`, { cause: error })
  }
}
