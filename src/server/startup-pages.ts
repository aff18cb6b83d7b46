// Gives back the pages of Node's own file that only starting needed: two thirds of what of it is in memory then. A Node whose
// code is in a shared library keeps them.
//
// They are read-only and as in the file, so that whatever is needed after all comes back from the kernel's page cache, some
// microseconds for 64 KiB. madvise(2), proc_pid_smaps(5).
import { readFileSync } from 'node:fs'
import { libc } from './libc.ts'

const MADV_DONTNEED = 4

export function releaseStartupPages(): void {
  const system = libc()
  if (system === undefined) return
  // Where the kernel won't, as with pages locked into memory, they stay.
  for (const { start, length } of unchangedMappings()) system.madvise(start, length, MADV_DONTNEED)
}

interface Mapping {
  readonly start: number
  readonly length: number
}

/**
 * Those of the executable that can't be written and of which no page, in memory or swapped out, is other than in the file: the
 * loader has written into some before it made them read-only, and they would lose that.
 */
function unchangedMappings(): Mapping[] {
  return mappingsTold().flatMap((told) => {
    const [, from = '', to = '', path] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.+)\n/.exec(told) ?? []
    if (path !== process.execPath || !/^Anonymous: +0 kB$/m.test(told) || !/^Swap: +0 kB$/m.test(told)) return []
    const start = Number.parseInt(from, 16)
    return [{ start, length: Number.parseInt(to, 16) - start }]
  })
}

function mappingsTold(): string[] {
  try {
    return readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  } catch {
    // No /proc here, or not this part of it: then they stay.
    return []
  }
}
