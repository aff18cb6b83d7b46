// Arbitrary names for properties.
import fc from 'fast-check'
import { maxName, type Name, prepend, root } from '../../src/dns/name.ts'

const octets = (min: number, max: number) =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => Buffer.from(bytes).toString('latin1'))

/** Names of any octets: up to the longest, and mostly of few and short labels. */
export const anyName: fc.Arbitrary<Name> = fc
  .array(fc.oneof({ weight: 4, arbitrary: octets(1, 8) }, octets(1, 63)), { maxLength: 12 })
  .filter((labels) => labels.reduce((size, label) => size + 1 + label.length, 1) <= maxName)
  .map((labels) => prepend(labels, root))

/** Names of few different labels, so that they often are equal or within each other. */
export const relatedName: fc.Arbitrary<Name> = fc
  .array(fc.constantFrom('a', 'A', 'b', 'ab', '\x01a', 'b\x01a', '.'), { maxLength: 5 })
  .map((labels) => prepend(labels, root))

/** Names of hosts, as every other implementation takes them too. */
export const hostName: fc.Arbitrary<Name> = fc
  .array(fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/), { minLength: 1, maxLength: 6 })
  .map((labels) => prepend(labels, root))
