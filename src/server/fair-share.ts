// Who gets how much of what isn't enough for all: max-min fairness (Bertsekas and Gallager, Data Networks, 6.5.2).

/**
 * The most that one client may have, so that all together have no more than `capacity` and nobody could have more without
 * taking it from somebody who has no more. Infinity where there is enough for everybody.
 */
export function fairShare(demands: readonly number[], capacity: number): number {
  const ascending = [...demands].sort((a, b) => a - b)
  let left = capacity
  for (const [index, demand] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (demand > share) return share
    left -= demand
  }
  return Number.POSITIVE_INFINITY
}
