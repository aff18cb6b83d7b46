// Checks label selectors as the API server would, so that a bad one is told at the start and in Kubernetes' words
// (Kubernetes, "Labels and Selectors"). The text itself goes to the API server as it is.

/** Not a label selector; the message says why. */
export class SelectorError extends Error {
  override name = 'SelectorError'
}

const binaryOperators = ['in', 'notin', '=', '==', '!=', 'gt', 'lt']
/** As API objects may have them; as texts they are `>` and `<`. */
const unsupported: Readonly<Record<string, string>> = { '>': 'gt', '<': 'lt' }

const namePattern = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const nameRule = `consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`
const nameExample = `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${namePattern}')`
const valueExample = `(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${namePattern})?')`
const isNamePart = new RegExp(`^${namePattern}$`)
const isPrefix = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Words, `(`, `)`, `,` and operators; the longest operator counts. White space only separates. */
const token = /[(),]|!=|==|[=!<>]|[^\s(),!=<>]+/g

/** Throws SelectorError unless the text is a selector like `env in (qa, prod),tier=web,!legacy`. */
export function checkSelector(text: string): void {
  try {
    checkRequirements(new Tokens(text.match(token) ?? []))
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error
    throw new SelectorError(`couldn't parse the selector string "${text}": ${error.message}`, { cause: error })
  }
  const comparison = /(?<!!)[<>]/.exec(text)?.[0]
  if (comparison !== undefined)
    throw new SelectorError(`"${unsupported[comparison]}" isn't supported in label selectors`)
}

class Tokens {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  /** '' at the end. */
  get next(): string {
    return this.#tokens[this.#at] ?? ''
  }

  take(): string {
    const { next } = this
    this.#at++
    return next
  }

  get isWord(): boolean {
    return this.next !== '' && !/^[(),=!<>]/.test(this.next)
  }
}

function checkRequirements(tokens: Tokens): void {
  if (tokens.next === '') return
  if (!tokens.isWord && tokens.next !== '!') throw expected(tokens.next, "!, identifier, or 'end of string'")
  for (;;) {
    try {
      checkRequirement(tokens)
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error
      throw new SelectorError(`unable to parse requirement: ${error.message}`, { cause: error })
    }
    const separator = tokens.take()
    if (separator === '') return
    if (separator !== ',') throw expected(separator, "',' or 'end of string'")
    if (!tokens.isWord && tokens.next !== '!') throw expected(tokens.next, "identifier after ','")
  }
}

function checkRequirement(tokens: Tokens): void {
  const isNegated = tokens.next === '!'
  if (isNegated) tokens.take()
  if (!tokens.isWord) throw expected(tokens.next, 'identifier')
  const key = tokens.take()
  checkKey(key)
  if (isNegated || tokens.next === '' || tokens.next === ',') return
  const operator = tokens.take()
  if (operator === 'in' || operator === 'notin') checkValues(key, takeValues(tokens))
  else if (['=', '==', '!='].includes(operator)) checkValues(key, [takeValue(tokens)])
  else if (operator in unsupported) checkNumber(takeValue(tokens))
  else throw expected(operator, binaryOperators.join(', '))
}

function takeValue(tokens: Tokens): string {
  if (tokens.next === '' || tokens.next === ',') return ''
  if (!tokens.isWord) throw expected(tokens.next, 'identifier')
  return tokens.take()
}

function takeValues(tokens: Tokens): string[] {
  const opening = tokens.take()
  if (opening !== '(') throw new SelectorError(`found '${opening}' expected: '('`)
  const values: string[] = []
  for (;;) {
    if (tokens.isWord) values.push(tokens.take())
    const separator = tokens.take()
    if (separator === ')') return values
    if (separator !== ',') throw expected(separator, "',' or ')'")
  }
}

/** A name of at most 63 characters, perhaps with a DNS subdomain and a slash before it. */
function checkKey(key: string): void {
  const parts = key.split('/')
  const name = parts.at(-1) ?? ''
  const fail = (rule: string) => new SelectorError(`<nil>: Invalid value: "${key}": ${rule}`)
  if (parts.length > 2) {
    throw fail(
      `a valid label key must ${nameRule} ${nameExample} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    )
  }
  if (parts.length === 2 && !isPrefix.test(parts[0] ?? '')) throw fail('prefix part must be a DNS subdomain')
  if (name === '') throw fail('name part must be non-empty')
  if (name.length > 63) throw fail('name part must be no more than 63 bytes')
  if (!isNamePart.test(name)) throw fail(`name part must ${nameRule} ${nameExample}`)
}

function checkValues(key: string, values: readonly string[]): void {
  values.forEach((value, index) => {
    const fail = (rule: string) => new SelectorError(`values[${index}][${key}]: Invalid value: "${value}": ${rule}`)
    if (value.length > 63) throw fail('must be no more than 63 bytes')
    if (value !== '' && !isNamePart.test(value)) {
      throw fail(`a valid label must be an empty string or ${nameRule} ${valueExample}`)
    }
  })
}

function checkNumber(value: string): void {
  if (/^[-+]?[0-9]+$/.test(value)) return
  throw new SelectorError(
    `values[0]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
  )
}

function expected(found: string, what: string): SelectorError {
  return new SelectorError(`found '${found}', expected: ${what}`)
}
