// Zones for tests, as a worker has them, from the text of master files.
import { readMasterFile } from '../../../src/dns/master-file.ts'
import { type Name, parseName } from '../../../src/dns/name.ts'
import { Zone } from '../../../src/plugins/file/zone.ts'
import { ZoneContent } from '../../../src/plugins/file/zone-content.ts'
import type { ZoneCopies } from '../../../src/plugins/file/zone-copies.ts'

export function zoneOf(origin: Name, text: string): Zone {
  const content = new ZoneContent(origin)
  const read = (path: string): never => {
    throw new Error(`no file ${path}`)
  }
  for (const record of readMasterFile(text, { file: 'db', origin, read })) content.add(record)
  const zone = new Zone(origin)
  for (const rrset of content.finish('db').rrsets) zone.add(rrset)
  return zone
}

/** What a worker was told of zones: their files' texts, by origin. */
export function copiesOfTexts(texts: Readonly<Record<string, string>>): ZoneCopies {
  const zones = new Map(
    Object.entries(texts).map(([name, text]) => {
      const origin = parseName(name)
      return [origin, zoneOf(origin, text)]
    }),
  )
  return { isTold: () => true, told: Promise.resolve(), zone: (origin) => zones.get(origin) }
}
