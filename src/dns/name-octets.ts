// The octets of a name by themselves, for look-ups that go through them one by one: V8 takes three times as long to get at one
// in a string. Those of one name are kept, for everybody asks about the name of the query in hand.
import { maxName, type Name } from './name.ts'

const octets = Buffer.alloc(maxName)
/** Whose they are; '' while they are being written. */
let kept = '' as Name

/** Good until the next call. */
// hot
export function octetsOf(name: Name): Uint8Array {
  if (name !== kept) {
    octets.write(name, 'latin1')
    kept = name
  }
  return octets
}

/** For who writes the octets of a name anyway; `keepOctets` is to follow, once they all are there. */
// hot
export function octetsToWrite(): Uint8Array {
  kept = '' as Name
  return octets
}

// hot
export function keepOctets(name: Name): void {
  kept = name
}
