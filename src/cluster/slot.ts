// Slots: small numbers that objects of a kind go by in the tables of all threads.

/** Names an object of a kind for as long as it is there; they count from 1, and those of what is gone are used again. */
export type Slot = number

/** An array that has room for the slot, with the same numbers: this one, or one that takes its memory. */
export function withRoomFor(slot: Slot, numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  if (slot < numbers.length) return numbers
  return new Uint32Array(numbers.buffer.transfer(Uint32Array.BYTES_PER_ELEMENT * Math.ceil(slot * 1.25 + 16)))
}
