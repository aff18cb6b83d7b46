// A record of a reply as text, from what dns2 makes of it.
import { canonicalAddress } from '../dns/address.ts'
import { printType, Type } from '../dns/codes.ts'
import { type Name, prepend, printName, root } from '../dns/name.ts'
import type { Packet } from '../dns2.ts'

export interface AnswerRecord {
  readonly owner: Name
  readonly type: number
  /** Seconds. */
  readonly ttl: number
  /** Presentation form. */
  readonly text: string
  /** The name that a CNAME, PTR or SRV leads to. */
  readonly target: Name | undefined
}

type Resource = InstanceType<typeof Packet>['answers'][number]

/** A name of dns2's: labels of octets with dots between them, however odd the octets. */
export function nameOf(text: string): Name {
  return prepend(
    text.split('.').filter((label) => label !== ''),
    root,
  )
}

export function readRecord(resource: Resource): AnswerRecord {
  const { name, type, ttl } = resource
  const target = resource.domain ?? resource.ns ?? resource.target ?? resource.exchange
  return {
    owner: nameOf(name),
    type,
    ttl,
    text: textOf(resource),
    target: typeof target === 'string' ? nameOf(target) : undefined,
  }
}

function textOf(resource: Resource): string {
  const name = (text: string | undefined): string => printName(nameOf(text ?? ''))
  switch (resource.type) {
    case Type.A:
    case Type.AAAA:
      return canonicalAddress(resource.address ?? '') ?? ''
    case Type.CNAME:
    case Type.PTR:
      return name(resource.domain)
    case Type.NS:
      return name(resource.ns)
    case Type.SRV:
      return `${resource.priority} ${resource.weight} ${resource.port} ${name(resource.target)}`
    case Type.MX:
      return `${resource.priority} ${name(resource.exchange)}`
    case Type.SOA:
      return `${name(resource.primary)} ${name(resource.admin)} ${resource.serial} ${resource.refresh} ${resource.retry} ${resource.expiration} ${resource.minimum}`
    case Type.TXT:
    case Type.SPF:
      return [resource.data ?? []]
        .flat()
        .map((text) => JSON.stringify(String(text)))
        .join(' ')
    default: {
      const data = Buffer.isBuffer(resource.data) ? resource.data : Buffer.alloc(0)
      return data.length > 0
        ? `\\# ${data.length} ${data.toString('hex')}`
        : `(a record of type ${printType(resource.type)})`
    }
  }
}
