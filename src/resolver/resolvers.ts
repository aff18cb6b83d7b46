// The resolvers whose walks are known, by the names under which `explain` takes them.
import { walkBusybox } from './busybox.ts'
import { walkCares, walkNodeResolve } from './c-ares.ts'
import { walkGlibc } from './glibc.ts'
import { walkGo } from './go.ts'
import { walkMusl } from './musl.ts'
import { walkSystemdResolved } from './systemd-resolved.ts'
import { walkUclibc } from './uclibc.ts'
import type { Walker } from './walk.ts'

export interface Resolver {
  readonly name: string
  /** What it is, for people. */
  readonly title: string
  readonly walk: Walker
}

export const resolvers: readonly Resolver[] = [
  { name: 'glibc', title: 'glibc (Debian, Ubuntu, Fedora, distroless)', walk: walkGlibc },
  { name: 'musl', title: 'musl (Alpine)', walk: walkMusl },
  { name: 'go', title: "Go's own resolver", walk: walkGo },
  { name: 'node', title: 'Node.js, dns.lookup (glibc)', walk: walkGlibc },
  { name: 'node-resolve', title: 'Node.js, dns.resolve', walk: walkNodeResolve },
  { name: 'c-ares', title: 'c-ares', walk: walkCares },
  { name: 'busybox', title: 'busybox nslookup since 1.29', walk: walkBusybox },
  { name: 'busybox-1.28', title: 'busybox nslookup up to 1.28.4', walk: walkUclibc },
  { name: 'systemd-resolved', title: 'systemd-resolved', walk: walkSystemdResolved },
]

export function resolverNamed(name: string): Resolver | undefined {
  return resolvers.find((resolver) => resolver.name === name)
}
