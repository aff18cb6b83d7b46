// Numbers nobody can foretell: message IDs (RFC 5452 9.2), and which socket a question leaves from.
import { randomFillSync } from 'node:crypto'

/** Drawn in batches: a call of the system per question would cost more than the question. */
const batch = new Uint16Array(2048)
let at = batch.length

/** 0 to 65535, from the system's generator. */
export function queryId(): number {
  if (at === batch.length) {
    randomFillSync(batch)
    at = 0
  }
  return batch[at++] as number
}
