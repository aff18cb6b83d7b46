// How values are written in the cells of tables.
import type { KubeObject } from '../object.ts'
import type { PodTemplate } from '../resources.ts'

export const none = '<none>'

/** How long ago a time was, to two units at most: `45s`, `3m12s`, `5h`, `12d`. */
export function sinceText(time: string | undefined): string {
  if (time === undefined) return '<unknown>'
  const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  if (days < 8) return two(days, 'd', hours % 24, 'h')
  if (days < 730) return `${days}d`
  return days < 2920 ? two(Math.floor(days / 365), 'y', days % 365, 'd') : `${Math.floor(days / 365)}y`
}

const two = (large: number, unit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`

export function ageOf({ metadata }: KubeObject): string {
  return sinceText(metadata.creationTimestamp)
}

/** `app=web,tier=front`, or that there are none. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? none : pairs.sort().join(',')
}

/** The first of some values between commas, and how many more there are. */
export function someText(values: readonly string[], most: number): string {
  const more = values.length > most ? ` + ${values.length - most} more...` : ''
  return values.length === 0 ? none : values.slice(0, most).join(',') + more
}

export const containersText = ({ spec }: PodTemplate) => spec.containers.map(({ name }) => name).join(',')
export const imagesText = ({ spec }: PodTemplate) => spec.containers.map(({ image = '' }) => image).join(',')
