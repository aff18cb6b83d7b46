// Drives a walk through a world of names, and tells it in lines.
import { parseType, printType, Type } from '../../src/dns/codes.ts'
import { printName } from '../../src/dns/name.ts'
import type { ResolvConf } from '../../src/resolver/resolv-conf.ts'
import { type Outcome, parseAsked, type Walker } from '../../src/resolver/walk.ts'

export interface World {
  readonly search?: string
  readonly options?: string
  /** `NAME TYPE OUTCOME`, or `NAME OUTCOME` for every type; whatever isn't said is NXDOMAIN. Names end with a dot. */
  readonly names?: readonly string[]
}

/** `default`, as kubelet writes it. */
export const clusterSearch = 'default.svc.cluster.local svc.cluster.local cluster.local'

/**
 * A line for each step, `NAME TYPE,TYPE`, and one for the verdict: `found 2` (the second step), or the end and what the
 * program is told.
 */
export function drive(walker: Walker, world: World, question: string): string[] {
  const [text = '', ...named] = question.split(' ')
  const types = named.length === 0 ? [Type.A, Type.AAAA] : named.map((type) => parseType(type) ?? 0)
  const conf: ResolvConf = {
    nameservers: ['10.96.0.10'],
    search: words(world.search ?? clusterSearch),
    options: words(world.options ?? 'ndots:5'),
  }
  const outcomes = new Map<string, Outcome>()
  for (const line of world.names ?? []) {
    const [name = '', ...rest] = line.split(' ')
    const outcome = rest.pop() as Outcome
    for (const type of rest.length > 0 ? rest : ['A', 'AAAA', 'SRV', 'PTR']) outcomes.set(`${name} ${type}`, outcome)
  }
  const walk = walker(conf, parseAsked(text), types)
  const lines: string[] = []
  let next = walk.next([])
  while (next.done !== true) {
    const { name, types: asked } = next.value
    lines.push(`${printName(name)} ${asked.map(printType).join(',')}`)
    if (lines.length > 100) throw new Error('a walk without end')
    next = walk.next(asked.map((type) => outcomes.get(`${printName(name)} ${printType(type)}`) ?? 'nxdomain'))
  }
  const { end, taken, report } = next.value
  lines.push(
    [end, ...taken.map((step) => String(step + 1)), report.replace(/:.*/, '')].filter((word) => word !== '').join(' '),
  )
  return lines
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')
