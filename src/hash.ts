// Hashes of texts, 32 bits, of this process alone. Texts may have the same one: what is found by it has to be compared.

/**
 * Of the texts of this process, as is the seed: nobody outside can know which ones collide. With the multiplier of FNV-1a, which ones
 * do would depend on the last 8 bits of the seed alone.
 */
const multiplier = ((Math.random() * 0x1_0000_0000) & 0x6fff_fff8) | 0x1000_0005
const seed = (Math.random() * 0x1_0000_0000) >>> 0

/** Goes on with a hash from other texts; of nothing it is this. */
export const emptyHash = seed ^ 0x811c9dc5

/** As FNV-1a, of the characters. Of a text in two parts it is that of the whole. */
// hot
export function hashText(text: string, hash = emptyHash): number {
  let value = hash
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), multiplier)
  return value
}

/** The same of characters that are octets, from one to before another. */
// hot
export function hashOctets(octets: Uint8Array, from: number, to: number, hash = emptyHash): number {
  let value = hash
  for (let i = from; i < to; i++) value = Math.imul(value ^ (octets[i] as number), multiplier)
  return value
}

/** Goes on with a number, of which every bit counts. */
// hot
export function hashNumber(number: number, hash: number): number {
  return Math.imul(hash ^ number, multiplier)
}
