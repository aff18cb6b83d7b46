// The names that services and their endpoints have (Kubernetes DNS-Based Service Discovery 2.3 and 2.4).
import { maxName, type Name } from '../../dns/name.ts'

/** The name one label below another, or that name itself for ''; undefined where it would be over 255 octets, or where that is. */
export function below(label: string, name: Name | undefined): Name | undefined {
  if (label === '' || name === undefined) return name
  if (name.length + 1 + label.length > maxName) return undefined
  return (String.fromCharCode(label.length) + label + name) as Name
}

/** `SERVICE.NAMESPACE.svc.ZONE`; undefined where it would be over 255 octets. */
export function serviceName(namespace: string, service: string, zone: Name): Name | undefined {
  return below(service, below(namespace, below('svc', zone)))
}

/** The name of an address within its service: with dashes, and never with one at the end, where a label can't have it. */
export function dashedAddress(address: string): string {
  const dashed = address.replace(/[.:]/g, '-')
  return dashed.endsWith('-') ? `${dashed}0` : dashed
}

/** The address that the label of a pod stands for, in whatever form it has there; undefined where it can't be one. */
export function undashedAddress(label: string): string | undefined {
  if (!/^[0-9a-f-]+$/.test(label)) return undefined
  const isIpv4 = /^[^-]*(?:-[^-]+){3}$/.test(label)
  return label.replaceAll('-', isIpv4 ? '.' : ':')
}
