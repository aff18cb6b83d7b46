// Columns of Pods.
import type { Pod } from '../resources.ts'
import { none } from './cell.ts'
import type { Column, Columns } from './table.ts'

const pod: readonly Column<Pod>[] = [
  {
    name: 'Ready',
    cell: ({ spec, status }) =>
      `${(status?.containerStatuses ?? []).filter(({ ready }) => ready).length}/${spec.containers.length}`,
  },
  { name: 'Status', cell: statusText },
  {
    name: 'Restarts',
    cell: ({ status }) =>
      String((status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0)),
  },
  { name: 'IP', wide: true, cell: ({ status }) => status?.podIP ?? none },
  { name: 'Node', wide: true, cell: ({ spec }) => spec.nodeName ?? none },
  { name: 'Nominated Node', wide: true, cell: () => none },
  { name: 'Readiness Gates', wide: true, cell: () => none },
]

/** The phase, or what says more. */
function statusText({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  const states = (status?.containerStatuses ?? []).map(
    ({ state }) => state as Record<string, { reason?: string }> | undefined,
  )
  const reason = states
    .map((state) => state?.waiting?.reason ?? state?.terminated?.reason)
    .find((each) => each !== undefined)
  return reason ?? status?.reason ?? status?.phase ?? 'Unknown'
}

export const podColumns: Columns = { Pod: pod as readonly Column[] }
