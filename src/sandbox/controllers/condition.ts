// Conditions in a status: their time of transition moves only when their status does.
import { timestampAt } from '../registry.ts'
import type { Condition, Pod } from '../resources.ts'

/** The conditions with one of them set. */
export function withCondition(conditions: readonly Condition[] = [], wanted: Condition): Condition[] {
  const before = conditions.find((condition) => condition.type === wanted.type)
  const lastTransitionTime =
    before?.status === wanted.status ? (before.lastTransitionTime ?? '') : timestampAt(new Date())
  const condition = { lastTransitionTime, ...wanted }
  if (before === undefined) return [...conditions, condition]
  return conditions.map((each) => (each === before ? condition : each))
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

export function isPodReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True'
}

/** Has it come to its end, well or badly? */
export function isPodOver(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
}
