// docs/resolvers.md: what each resolver does, and what the run has seen of it.
import type { Programs } from './programs.ts'

export interface Row {
  readonly what: string
  readonly name: string
  /** By program. */
  readonly cells: Readonly<Record<string, string>>
  /** Where a program's own limit shows: by program, which. */
  readonly beyond: Readonly<Record<string, string>>
}

const rules = `| resolver | search list used for | names in order | goes on after | stops at |
|---|---|---|---|---|
| glibc; Python, Node \`lookup\`, Java and others by getaddrinfo | every name without a dot at its end | with at least \`ndots\` dots: alone, then the list; else the list, then alone | NXDOMAIN, NODATA, SERVFAIL | records; a CNAME to nothing; REFUSED and time-outs, but the name alone is still tried |
| musl | names with fewer than \`ndots\` dots | the list, then alone | NXDOMAIN of A or AAAA | everything else: NODATA, SERVFAIL, REFUSED, time-outs. A search line of more than 254 characters is ignored |
| Go | every name without a dot at its end; \`.\` is left out | as glibc | every failure | records |
| c-ares since 1.34 | every name without a dot at its end | as glibc | NXDOMAIN, NODATA | other failures (before 1.34 SERVFAIL led on) |
| Node \`resolve\` | none | alone | | the first reply |
| busybox nslookup since 1.29 | names without any dot, \`ndots\` is not known | all of the list at once, never alone; names with a dot: alone, and only so | | prints every reply, and ends with 1 where one is negative |
| busybox nslookup up to 1.28.4 (uClibc) | every name | names with a dot: alone, then the list; else the list, then alone | NXDOMAIN, SERVFAIL | NODATA, other failures. Of a search line 127 characters are read |
| systemd-resolved, by its own interfaces | names of one label, \`ndots\` is not known | the list, never alone; several labels: alone, and only so | every failure | the first domain without one, NODATA too |`

/** The whole page. */
export function printTable({ here, missing }: Programs, rows: readonly Row[]): string {
  const names = here.map(({ name }) => name)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const table = [
    line(['name asked for', ...here.map(({ name, version }) => `${name} ${version}`.trim())]),
    line(['---', ...names.map(() => '---')]),
    ...rows.map(({ what, name, cells }) =>
      line([`${shorten(name)} (${what})`, ...names.map((program) => cells[program] ?? '')]),
    ),
  ]
  const limits = rows.flatMap(({ what, beyond }) =>
    Object.entries(beyond).map(([program, why]) => `- ${program}, ${what}: ${why}.\n`),
  )
  const skipped = missing.length === 0 ? '' : `\nNot in this run: ${missing.map(([name]) => name).join(', ')}.\n`
  return `# Resolvers

What programs in pods really ask, and what they get. \`src/resolver\` holds these rules, each with its source; [explain](explain.md)
walks by them (\`-resolver\`).

## Rules

${rules}

## Seen

Written by \`npm run e2e\`: each program in a network namespace of its own with a pod's resolv.conf (\`ndots:5\`, namespace \`default\`
unless said otherwise), the server at its ClusterIP on port 53, the pocket cluster behind it. A number is a number of addresses.
But for dig, kdig and delv, which have rules of their own, the names that each program asked for are compared with the rules above.

${table.join('')}\nLimits of the programs themselves:\n\n${[...new Set(limits)].join('')}${skipped}`
}

function shorten(name: string): string {
  return `\`${name.length > 40 ? `${name.slice(0, 8)}...${name.slice(-8)}` : name}\``
}
