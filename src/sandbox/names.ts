// What names, labels and addresses may look like: RFC 1123 and RFC 1035 labels and subdomains, as apimachinery's validation has them.
import { isIP, isIPv4, isIPv6 } from 'node:net'
import type { ObjectMeta } from './object.ts'
import { type Cause, cause } from './status.ts'

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const qualifiedName = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

/** Undefined where the name will do, else why it won't. */
export type NameRule = (name: string) => string | undefined

function rule(pattern: string, limit: number, why: string, examples: string): NameRule {
  const expression = new RegExp(`^${pattern}$`)
  return (name) => {
    if (name.length > limit) return `must be no more than ${limit} characters`
    return expression.test(name) ? undefined : `${why} (${examples}, regex used for validation is '${pattern}')`
  }
}

export const dnsLabel = rule(
  label,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "e.g. 'my-name',  or '123-abc'",
)

export const dns1035Label = rule(
  label1035,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "e.g. 'my-name',  or 'abc-123'",
)

export const dnsSubdomain = rule(
  subdomain,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "e.g. 'example.com'",
)

const labelName = rule(
  qualifiedName,
  63,
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "e.g. 'MyName',  or 'my.name',  or '123-abc'",
)

const labelValue = rule(
  `(${qualifiedName})?`,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "e.g. 'MyValue',  or 'my_value',  or '12345'",
)

/** Any name that can be part of a path: what RBAC objects are held to. */
export const pathSegment: NameRule = (name) =>
  name === '.' || name === '..' || /[/%]/.test(name) ? "may not be '.' or '..' nor contain '/' or '%'" : undefined

/** The key of a label or annotation: a name, perhaps after a domain and a slash. */
function qualifiedKey(key: string): string | undefined {
  const slash = key.lastIndexOf('/')
  if (slash < 0) return labelName(key)
  const prefix = key.slice(0, slash)
  if (prefix === '') return 'prefix part must be non-empty'
  const fault = dnsSubdomain(prefix)
  return fault === undefined ? labelName(key.slice(slash + 1)) : `prefix part ${fault}`
}

/** Faults of a name, generated or given. */
export function nameFaults(metadata: ObjectMeta, nameRule: NameRule): Cause[] {
  if (metadata.name === '') return [cause.required('metadata.name', 'name or generateName is required')]
  const fault = nameRule(metadata.name)
  return fault === undefined ? [] : [cause.invalid('metadata.name', metadata.name, fault)]
}

export function labelFaults(field: string, labels: Readonly<Record<string, unknown>> | undefined): Cause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => {
    const faults = [qualifiedKey(key), typeof value === 'string' ? labelValue(value) : 'must be a string']
    return faults.flatMap((fault, index) =>
      fault === undefined ? [] : [cause.invalid(field, index === 0 ? key : value, fault)],
    )
  })
}

export function annotationFaults(annotations: Readonly<Record<string, string>> | undefined): Cause[] {
  return Object.keys(annotations ?? {}).flatMap((key) => {
    const fault = qualifiedKey(key.toLowerCase())
    return fault === undefined ? [] : [cause.invalid('metadata.annotations', key, fault)]
  })
}

export function portFault(port: unknown): string | undefined {
  const inside = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535
  return inside ? undefined : 'must be between 1 and 65535, inclusive'
}

/** An address that endpoints may have. */
export function endpointAddressFault(text: string): string | undefined {
  if (isIP(text) === 0) return 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
  if (text === '0.0.0.0' || text === '::') return 'may not be unspecified (0.0.0.0 or ::)'
  if (text.startsWith('127.') || text === '::1') return 'may not be in the loopback range (127.0.0.0/8, ::1/128)'
  if (text.startsWith('169.254.') || /^fe[89ab]/i.test(text)) {
    return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
  }
  return undefined
}

/** The family of an address; undefined for what is none. */
export function familyOf(address: string): 'IPv4' | 'IPv6' | undefined {
  return isIPv4(address) ? 'IPv4' : isIPv6(address) ? 'IPv6' : undefined
}
