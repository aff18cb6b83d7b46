// In which order the upstreams of a stanza are tried.

export const policies = ['random', 'round_robin', 'sequential'] as const
export type Policy = (typeof policies)[number]

/** Called for each question; `random` is that of Math. */
export function orderBy(
  policy: Policy,
  random: () => number = Math.random,
): <Item>(items: readonly Item[]) => readonly Item[] {
  if (policy === 'sequential') return (items) => items
  if (policy === 'random') return (items) => shuffle(items, random)
  let turn = 0
  return (items) => {
    turn = (turn + 1) % items.length
    // The others stay in the order of the Corefile, as in CoreDNS.
    return [...items.slice(turn, turn + 1), ...items.slice(0, turn), ...items.slice(turn + 1)]
  }
}

function shuffle<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1))
    const item = shuffled[last] as Item
    shuffled[last] = shuffled[at] as Item
    shuffled[at] = item
  }
  return shuffled
}
