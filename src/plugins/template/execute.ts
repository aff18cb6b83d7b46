// Executes a template for one query: the text it makes of what it is given.
import type { Command, Operand, Pipeline, Template } from './syntax.ts'
import { callFunction, ExecutionError, isTrue, printValue, type Value } from './values.ts'

/** What a template is executed for. */
export interface TemplateData {
  /** By their path: `Name`, `Question.Name`. */
  readonly fields: ReadonlyMap<string, Value>
  /** `.Meta "kubernetes/service"` */
  meta(key: string): string
}

/** Variables by name; what is declared inside `if` ends there. */
interface Scope {
  readonly variables: Map<string, Value>
  readonly outer: Scope | undefined
}

/** Throws ExecutionError. */
export function executeTemplate(template: Template, data: TemplateData): string {
  return write(template, data, { variables: new Map(), outer: undefined })
}

function write(template: Template, data: TemplateData, scope: Scope): string {
  let text = ''
  for (const node of template) {
    if (node.kind === 'text') text += node.text
    else if (node.kind === 'action') {
      const value = evaluate(node.pipeline, data, scope)
      if (node.pipeline.variable === undefined) text += printValue(value)
    } else {
      const inner = { variables: new Map(), outer: scope }
      const holds = isTrue(evaluate(node.pipeline, data, inner))
      text += write(holds ? node.consequent : node.alternative, data, inner)
    }
  }
  return text
}

function evaluate({ variable, assigns, commands }: Pipeline, data: TemplateData, scope: Scope): Value {
  let value: readonly Value[] = []
  for (const command of commands) value = [run(command, value, data, scope)]
  if (variable !== undefined) (assigns ? holderOf(variable, scope) : scope.variables).set(variable, value[0])
  return value[0]
}

function holderOf(variable: string, scope: Scope): Map<string, Value> {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (at.variables.has(variable)) return at.variables
  }
  throw new ExecutionError(`undefined variable: ${variable}`)
}

/** `piped` is the value of the command before, if any. */
function run([first, ...rest]: Command, piped: readonly Value[], data: TemplateData, scope: Scope): Value {
  if (first === undefined) throw new ExecutionError('empty command')
  if (first.kind === 'literal' && first.value === undefined) throw new ExecutionError('nil is not a command')
  const values = () => [...rest.map((operand) => valueOfOperand(operand, data, scope)), ...piped]
  if (first.kind === 'function') {
    if (first.name === 'and' || first.name === 'or') return choose(first.name, rest, piped, data, scope)
    return callFunction(first.name, values())
  }
  if (first.kind === 'field' && first.path[0] === 'Meta') return callMeta(first.path, values(), data)
  if (rest.length + piped.length > 0) throw new ExecutionError(`${told(first)} is no function but has arguments`)
  return valueOfOperand(first, data, scope)
}

/** The first that decides it, or the last. */
function choose(name: string, operands: readonly Operand[], piped: readonly Value[], data: TemplateData, scope: Scope) {
  const wanted = name === 'or'
  let value: Value
  if (operands.length + piped.length === 0)
    throw new ExecutionError(`wrong number of args for ${name}: want at least 1 got 0`)
  for (const operand of operands) {
    value = valueOfOperand(operand, data, scope)
    if (isTrue(value) === wanted) return value
  }
  return piped.length > 0 ? piped[0] : value
}

function callMeta(path: readonly string[], args: readonly Value[], data: TemplateData): string {
  const [key] = args
  if (path.length > 1 || args.length !== 1 || typeof key !== 'string') {
    throw new ExecutionError('.Meta takes one argument, a string')
  }
  return data.meta(key)
}

function valueOfOperand(operand: Operand, data: TemplateData, scope: Scope): Value {
  switch (operand.kind) {
    case 'literal':
      return operand.value
    case 'function':
      return run([operand], [], data, scope)
    case 'field':
      return fieldOf(operand.path, data)
    case 'variable':
      return walk(holderOf(operand.name, scope).get(operand.name), operand.path)
    case 'pipeline':
      return walk(evaluate(operand.pipeline, data, scope), operand.path)
  }
}

function fieldOf(path: readonly string[], data: TemplateData): Value {
  const [first = '', second = '', ...rest] = path
  if (first === 'Meta') return callMeta(path, [], data)
  const two = `${first}.${second}`
  if (data.fields.has(two)) return walk(data.fields.get(two), rest)
  if (!data.fields.has(first)) throw new ExecutionError(`can't evaluate field ${first}`)
  return walk(data.fields.get(first), path.slice(1))
}

/** Fields of a map are what it holds under their names, or nothing. */
function walk(value: Value, path: readonly string[]): Value {
  for (const name of path) {
    if (!(value instanceof Map)) throw new ExecutionError(`can't evaluate field ${name}`)
    value = (value as ReadonlyMap<string, string>).get(name)
  }
  return value
}

function told(operand: Operand): string {
  if (operand.kind === 'field') return `.${operand.path.join('.')}`
  return operand.kind === 'variable' ? operand.name : `a ${operand.kind}`
}
