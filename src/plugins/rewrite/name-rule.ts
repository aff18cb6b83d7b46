// `rewrite name`: the question gets another name, and the reply its names back.
import { CorefileError, type Directive } from '../../corefile/directive.ts'
import { isWithin, lowerName, maxName, type Name, printName } from '../../dns/name.ts'
import { withQuestion } from '../../dns/query.ts'
import type { Reply } from '../../dns/reply.ts'
import {
  checkSubstitution,
  compileReplacement,
  compileSubstitution,
  kindOf,
  matchKinds,
  type NameMatch,
  normalize,
  type Substitution,
} from './name-match.ts'
import { changeOwners, changeTargets, type NameChange } from './reply-names.ts'
import { nameOf, type Step } from './step.ts'

export interface NameRule {
  readonly field: 'name'
  readonly match: NameMatch
  readonly to: string
  /** Are names of the reply turned back by what was done to the question? */
  readonly auto: boolean
  /** In file order. */
  readonly answers: readonly AnswerPattern[]
}

interface AnswerPattern {
  /** Owners of records, or the names they point to. */
  readonly what: 'name' | 'value'
  readonly from: string
  readonly to: string
}

/** Throws CorefileError. */
export function parseNameRule(at: Directive, args: readonly string[]): NameRule {
  if (args.length < 2) throw new CorefileError(at, 'too few arguments for a name rule')
  const [word = '', from = '', to = ''] = args.length === 2 ? ['exact', ...args] : args
  const kind = kindOf(word)
  const { auto, answers } =
    args.length > 3 ? parseAnswers(at, word.toLowerCase(), args.slice(3)) : { auto: false, answers: [] }
  if (kind === undefined) {
    const supported = `${matchKinds.slice(0, -1).join(', ')}, and ${matchKinds.at(-1)}`
    throw new CorefileError(at, `name rule supports only ${supported} name matching, received: ${word.toLowerCase()}`)
  }
  if (kind === 'regex') checkSubstitution(at, from, to)
  // CoreDNS checks them this way round.
  if (kind === 'exact') checkSubstitution(at, normalize(to), normalize(from))
  return {
    field: 'name',
    match: { kind, from: kind === 'regex' ? from : normalize(from) },
    to: normalize(to),
    auto: auto || kind === 'exact',
    answers,
  }
}

/** `answer auto | answer name FROM TO | answer value FROM TO`, the word `answer` at least in front of the first. */
function parseAnswers(
  at: Directive,
  rule: string,
  args: readonly string[],
): { readonly auto: boolean; readonly answers: readonly AnswerPattern[] } {
  if (args.length < 2) throw new CorefileError(at, `invalid arguments for ${rule} rule`)
  if (args[0] !== 'answer') {
    const problem = `exceeded the number of arguments for a non-answer rule argument for ${rule} rule`
    throw new CorefileError(at, problem)
  }
  let auto = false
  const answers: AnswerPattern[] = []
  for (let i = 0; i < args.length; ) {
    if (args[i] === 'answer') i++
    const what = args[i++]
    if (what === undefined) throw new CorefileError(at, `type missing for answer rule for ${rule} rule`)
    if (what === 'auto') {
      auto = true
    } else if (what === 'name' || what === 'value') {
      const [from, to] = args.slice(i, i + 2)
      if (from === undefined || to === undefined) {
        throw new CorefileError(at, `${what} answer rule for ${rule} rule: 2 arguments required`)
      }
      checkAnswer(at, `${what} answer rule for ${rule} rule`, from, to)
      answers.push({ what, from, to: normalize(to) })
      i += 2
    } else {
      throw new CorefileError(at, `invalid type ${JSON.stringify(what)} for answer rule for ${rule} rule`)
    }
  }
  if (auto && answers.some(({ what }) => what === 'name')) {
    throw new CorefileError(at, 'auto name answer rule cannot be combined with explicit name anwer rules')
  }
  return { auto, answers }
}

function checkAnswer(at: Directive, which: string, from: string, to: string): void {
  try {
    checkSubstitution(at, from, to)
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    throw new CorefileError(at, `${which}: ${error.problem}`, { cause: error })
  }
}

export function compileNameRule({ match, to, auto, answers }: NameRule): Step {
  const substitute = compileSubstitution(match, to)
  const patterns = answers
    .map(({ what, from, to: replacement }) => ({
      change: changeBy(compileReplacement(from, replacement)),
      apply: what === 'name' ? changeOwners : changeTargets,
    }))
    .reverse()
  // A suffix is turned back wherever it stands, not only at the end of the name that was asked for.
  const suffixBack = match.kind === 'suffix' ? changeBy(suffixOf(to, match.from), (name) => lowerName(name)) : undefined
  return (query, text) => {
    const rewritten = substitute(text)
    if (rewritten === undefined) return undefined
    const name = nameOf(rewritten)
    const next = withQuestion(query, name, lowerName(name))
    if (!auto && patterns.length === 0) return { query: next }
    const back = suffixBack ?? remap(next.name, query.name)
    const revert = (reply: Reply): Reply => {
      const patched = patterns.reduce((changed, { change, apply }) => apply(changed, change), reply)
      return auto ? changeOwners(changeTargets(patched, back), back) : patched
    }
    return { query: next, revert }
  }
}

const suffixOf = (from: string, to: string): Substitution => compileSubstitution({ kind: 'suffix', from }, to)

/** `form` is how the name is looked at. */
function changeBy(substitute: Substitution, form: NameChange = (name) => name): NameChange {
  return (name) => {
    const text = substitute(printName(form(name)))
    return text === undefined ? name : nameOf(text)
  }
}

/** One name, and what is below it, becomes another. */
function remap(from: Name, to: Name): NameChange {
  return (name) => {
    const lower = lowerName(name)
    if (!isWithin(lower, from)) return name
    const remapped = (name.slice(0, name.length - from.length) + to) as Name
    return remapped.length > maxName ? nameOf(printName(remapped)) : remapped
  }
}
