// From the tree of an expression to a function: types are checked once, patterns and networks are made ready.
import { parseUnmappedCidr } from '../../dns/address.ts'
import type { Query } from '../../dns/query.ts'
import { compilePattern, PatternError } from '../../regexp.ts'
import {
  type ExpressionFunction,
  type Facts,
  failure,
  foreignFunctions,
  functions,
  isIn,
  type Value,
  type ValueType,
} from './functions.ts'
import { type Binary, type Node, parseExpression } from './syntax.ts'
import { ExpressionError } from './tokens.ts'

type Run = (query: Query) => Value

interface Compiled {
  readonly type: ValueType
  readonly run: Run
}

/** Is the expression true of the query? What has no value isn't. Throws ExpressionError. */
export function compileExpression(text: string, facts: Facts): (query: Query) => boolean {
  const root = parseExpression(text)
  const { type, run } = compile(root, facts)
  if (type !== 'bool') throw new ExpressionError(`the expression is never true: it gives ${type}`, root.at)
  return (query) => {
    try {
      return run(query) === true
    } catch (error) {
      if (error !== failure) throw error
      return false
    }
  }
}

function compile(node: Node, facts: Facts): Compiled {
  switch (node.node) {
    case 'literal': {
      const { value } = node
      const ofNumber = node.isInteger ? 'int' : 'float64'
      const type = typeof value === 'number' ? ofNumber : typeof value === 'boolean' ? 'bool' : 'string'
      return { type, run: () => value }
    }
    case 'array':
      return compileArray(node.items, facts)
    case 'call':
      return compileCall(node, facts)
    case 'name': {
      // There are no variables, and a function that isn't called is never true.
      const isFunction = Object.hasOwn(functions, node.name)
      throw new ExpressionError(
        isFunction ? `function '${node.name}' lacks its parentheses` : `unknown name ${node.name}`,
        node.at,
      )
    }
    case 'unary': {
      const of = compile(node.of, facts)
      const isFit = node.operator === '!' ? of.type === 'bool' : isNumber(of.type)
      if (!isFit) throw new ExpressionError(`invalid operation: ${node.written} (mismatched type ${of.type})`, node.at)
      if (node.operator === '!') return { type: 'bool', run: (query) => !of.run(query) }
      return node.operator === '+' ? of : { type: of.type, run: (query) => -(of.run(query) as number) }
    }
    case 'binary':
      return compileBinary(node, facts)
    case 'choice': {
      const condition = compile(node.condition, facts)
      if (condition.type !== 'bool') {
        const words = `non-bool expression (type ${condition.type}) used as condition`
        throw new ExpressionError(words, node.condition.at)
      }
      const yes = compile(node.yes, facts)
      const no = compile(node.no, facts)
      if (yes.type !== no.type) {
        throw new ExpressionError(`a choice between ${yes.type} and ${no.type} is not supported here`, node.at)
      }
      return { type: yes.type, run: (query) => (condition.run(query) ? yes : no).run(query) }
    }
  }
}

function compileArray(items: readonly Node[], facts: Facts): Compiled {
  const compiled = items.map((item) => compile(item, facts))
  const types = new Set(compiled.map((item) => item.type))
  const [only = anything] = types
  const type = `[]${types.size > 1 ? anything : only}`
  if (!items.every((item) => item.node === 'literal')) {
    return { type, run: (query) => compiled.map((item) => item.run(query)) }
  }
  const values = items.map((item) => (item.node === 'literal' ? item.value : ''))
  return { type, run: () => values }
}

function compileCall({ name, args, at }: Extract<Node, { node: 'call' }>, facts: Facts): Compiled {
  const called: ExpressionFunction | undefined = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (called === undefined) {
    const isForeign = foreignFunctions.has(name)
    throw new ExpressionError(isForeign ? `function '${name}' is not supported here` : `unknown name ${name}`, at)
  }
  const compiled = args.map((arg) => compile(arg, facts))
  if (args.length !== called.takes.length) {
    const count = args.length < called.takes.length ? 'not enough' : 'too many'
    throw new ExpressionError(`${count} arguments to call ${name}`, at)
  }
  for (const [i, arg] of compiled.entries()) {
    const wanted = called.takes[i] as ValueType
    if (arg.type === wanted) continue
    const words = `cannot use ${arg.type} as argument (type ${wanted}) to call ${name} `
    throw new ExpressionError(words, args[i]?.at)
  }
  const [first, second] = compiled
  const [, cidr] = args
  if (name === 'incidr' && first !== undefined && cidr?.node === 'literal') {
    const network = parseUnmappedCidr(String(cidr.value))
    if (network === undefined) throw new ExpressionError(`invalid CIDR address: ${cidr.value}`, cidr.at)
    return { type: 'bool', run: (query) => isIn(first.run(query) as string, network) }
  }
  const { gives: type, run } = called
  if (first === undefined) return { type, run: (query) => run(query, none, facts) }
  if (second === undefined) return { type, run: (query) => run(query, [first.run(query)], facts) }
  return { type, run: (query) => run(query, [first.run(query), second.run(query)], facts) }
}

const none: readonly Value[] = []
const anything = 'interface {}'
const isNumber = (type: ValueType) => type === 'int' || type === 'float64'
const isArray = (type: ValueType) => type.startsWith('[]')

function isComparable(a: ValueType, b: ValueType): boolean {
  if (isArray(a) || isArray(b)) return false
  return a === b || (isNumber(a) && isNumber(b)) || b === anything
}

function compileBinary(node: Binary, facts: Facts): Compiled {
  if (node.operator === 'matches') return compileMatches(node, facts)
  const left = compile(node.left, facts)
  const right = compile(node.right, facts)
  const type = typeOf(node, left.type, right.type)
  const l = left.run
  const r = right.run
  return { type, run: runs[node.operator](l, r) }
}

/** Of the values, of which `typeOf` has seen that the operator can be used on them. */
const runs: Readonly<Record<Exclude<Binary['operator'], 'matches'>, (l: Run, r: Run) => Run>> = {
  '||': (l, r) => (query) => l(query) || r(query),
  '&&': (l, r) => (query) => l(query) && r(query),
  '==': (l, r) => (query) => l(query) === r(query),
  '!=': (l, r) => (query) => l(query) !== r(query),
  '<': (l, r) => (query) => l(query) < r(query),
  '>': (l, r) => (query) => l(query) > r(query),
  '<=': (l, r) => (query) => l(query) <= r(query),
  '>=': (l, r) => (query) => l(query) >= r(query),
  in: (l, r) => (query) => (r(query) as readonly Value[]).includes(l(query)),
  contains: (l, r) => (query) => (l(query) as string).includes(r(query) as string),
  startsWith: (l, r) => (query) => (l(query) as string).startsWith(r(query) as string),
  endsWith: (l, r) => (query) => (l(query) as string).endsWith(r(query) as string),
  '+': (l, r) => (query) => {
    const [a, b] = [l(query), r(query)]
    return typeof a === 'string' ? a + (b as string) : (a as number) + (b as number)
  },
  '-': (l, r) => (query) => (l(query) as number) - (r(query) as number),
  '*': (l, r) => (query) => (l(query) as number) * (r(query) as number),
  '/': (l, r) => (query) => (l(query) as number) / (r(query) as number),
  '%': (l, r) => (query) => {
    const divisor = r(query) as number
    if (divisor === 0) throw failure
    return (l(query) as number) % divisor
  },
}

/** Throws ExpressionError where the operator can't be used on these. */
function typeOf({ operator, written, at }: Binary, left: ValueType, right: ValueType): ValueType {
  const areNumbers = isNumber(left) && isNumber(right)
  const areStrings = left === 'string' && right === 'string'
  const ofNumbers = left === 'int' && right === 'int' ? 'int' : 'float64'
  switch (operator) {
    case '||':
    case '&&':
      if (left === 'bool' && right === 'bool') return 'bool'
      break
    case '==':
    case '!=':
      if (isComparable(left, right)) return 'bool'
      if (isArray(left) && isArray(right)) throw new ExpressionError(`'${written}' of arrays is not supported here`, at)
      break
    case '<':
    case '>':
    case '<=':
    case '>=':
      if (areNumbers || areStrings) return 'bool'
      break
    case 'in':
      if (!isArray(right)) break
      if (isComparable(left, right.slice(2))) return 'bool'
      throw new ExpressionError(`cannot use ${left} as type ${right.slice(2)} in array`, at)
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      if (areStrings) return 'bool'
      break
    case '+':
      if (areStrings) return 'string'
      if (areNumbers) return ofNumbers
      break
    case '-':
    case '*':
      if (areNumbers) return ofNumbers
      break
    case '/':
      if (areNumbers) return 'float64'
      break
    case '%':
      if (left === 'int' && right === 'int') return 'int'
      break
    case 'matches':
      break
  }
  throw mismatched(written, left, right, at)
}

function mismatched(operator: string, left: ValueType, right: ValueType, at: number): ExpressionError {
  return new ExpressionError(`invalid operation: ${operator} (mismatched types ${left} and ${right})`, at)
}

/** The pattern is compiled once, so that no question costs more than its length. */
function compileMatches({ left, right, at, written }: Binary, facts: Facts): Compiled {
  const text = compile(left, facts)
  const patternType = compile(right, facts).type
  if (right.node === 'literal' && typeof right.value === 'string') {
    try {
      const pattern = compilePattern(right.value)
      if (text.type === 'string') return { type: 'bool', run: (query) => pattern.test(text.run(query) as string) }
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      throw new ExpressionError(error.message, at)
    }
  }
  if (text.type !== 'string' || patternType !== 'string') throw mismatched(written, text.type, patternType, at)
  throw new ExpressionError("'matches' with anything but a string in quotes is not supported here", at)
}
