// One resolution of a name: a resolver's walk, with real questions.
import type { Name } from '../dns/name.ts'
import type { ResolvConf } from '../resolver/resolv-conf.ts'
import { parseAsked, type Verdict, type Walker } from '../resolver/walk.ts'
import type { Inquiry } from './inquiry.ts'
import type { ReplyReport } from './report.ts'

/** One name of a walk with its replies. */
export interface Tried {
  readonly name: Name
  readonly types: readonly number[]
  readonly replies: readonly ReplyReport[]
}

export interface Walked {
  readonly tried: readonly Tried[]
  readonly verdict: Verdict
}

/** Follows a resolver's rules with real questions, those of one step at the same time. */
export async function resolve(
  walker: Walker,
  conf: ResolvConf,
  text: string,
  types: readonly number[],
  inquiry: Inquiry,
): Promise<Walked> {
  const steps = walker(conf, parseAsked(text), types)
  const tried: Tried[] = []
  let next = steps.next([])
  while (next.done !== true) {
    const { name, types: asked } = next.value
    const replies = await Promise.all(asked.map((type) => inquiry.ask(name, type)))
    tried.push({ name, types: asked, replies })
    next = steps.next(replies.map((reply) => reply.outcome))
  }
  return { tried, verdict: next.value }
}
