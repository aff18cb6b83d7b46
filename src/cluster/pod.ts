// What DNS needs of a v1 Pod.
import { type Complain, listOf, namespacedIdentityOf, partOf, tolerate } from './api-object.ts'
import type { RecordForm } from './record.ts'
import { readAddresses } from './service.ts'

export interface Pod {
  readonly namespace: string
  readonly name: string
  /** status.podIPs, else status.podIP; text in canonical form. */
  readonly addresses: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** What the API server is asked for: pods in other phases have no address any more, or one that nobody vouches for. */
export const podFields = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown'

const gone: readonly unknown[] = ['Succeeded', 'Failed', 'Unknown']

/** Reads a v1 Pod. Undefined where it has no address (yet, or any more) or can't be looked up. */
export function trimPod(object: unknown, complain: Complain = tolerate): Pod | undefined {
  const identity = namespacedIdentityOf(object, complain)
  if (identity === undefined) return undefined
  const pod = partOf(object)
  const status = partOf(pod.status)
  if (gone.includes(status.phase)) return undefined
  const listed = listOf(status.podIPs).map((entry) => partOf(entry).ip)
  const addresses = readAddresses(listed.length > 0 ? listed : [status.podIP], complain)
  if (addresses.length === 0) return undefined
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(partOf(partOf(pod.metadata).labels))) {
    if (typeof value === 'string') labels[key] = value
  }
  return { ...identity, addresses, labels }
}

/**
 * Has the pod been told to end? Such a pod is not taken up where it wasn't known, as in CoreDNS; where it was, it stays
 * as it was until it is deleted, for it still asks and answers.
 */
export function isTerminating(object: unknown): boolean {
  const stamp = partOf(partOf(object).metadata).deletionTimestamp
  return stamp !== undefined && stamp !== null && stamp !== ''
}

/** Found by its addresses. */
export const podForm: RecordForm<Pod> = {
  head({ namespace, name, addresses }) {
    return { namespace, name, service: '', addresses: [addresses] }
  },
  write({ labels }, to) {
    to.list(Object.entries(labels), ([key, value]) => {
      to.text(key)
      to.text(value)
    })
  },
  read({ namespace, name, addresses: [addresses = []] }, from) {
    return { namespace, name, addresses, labels: Object.fromEntries(from.list(() => [from.text(), from.text()])) }
  },
}
