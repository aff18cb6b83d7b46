// Numbers as octets in strings, one character (U+0000 to U+00FF) per octet, the most significant first.

/** Two octets. Throws RangeError for what doesn't fit. */
export function encode16(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RangeError(`${value} is not within 16 bits`)
  return String.fromCharCode(value >> 8, value & 0xff)
}

/** Four octets. Throws RangeError for what doesn't fit. */
export function encode32(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
    throw new RangeError(`${value} is not within 32 bits`)
  return String.fromCharCode(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff)
}

/** The number in the two octets at `at`, which must be there. */
export function decode16(octets: string, at: number): number {
  return (octets.charCodeAt(at) << 8) | octets.charCodeAt(at + 1)
}

/** The number in the four octets at `at`, which must be there. */
export function decode32(octets: string, at: number): number {
  return decode16(octets, at) * 0x1_0000 + decode16(octets, at + 2)
}
