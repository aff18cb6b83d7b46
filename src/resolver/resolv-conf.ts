// What /etc/resolv.conf says (resolv.conf(5)): read as the C libraries read it, written as containerd writes a pod's.

export interface ResolvConf {
  /** Addresses, as written. */
  readonly nameservers: readonly string[]
  /** Domains, as written. */
  readonly search: readonly string[]
  /** As written: `ndots:5`, `use-vc`. Of several of one kind the last counts. */
  readonly options: readonly string[]
}

/** A line that begins with `#` or `;` is a comment. Of several lines `search` or `domain` the last counts; options add up. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const options: string[] = []
  let search: readonly string[] = []
  for (const line of text.split('\n')) {
    if (/^[#;]/.test(line)) continue
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'nameserver') nameservers.push(...words.slice(0, 1))
    if (keyword === 'search') search = words
    if (keyword === 'domain') search = words.slice(0, 1)
    if (keyword === 'options') options.push(...words)
  }
  return { nameservers, search, options }
}

/** The lines of a pod's file in containerd's order: search, nameservers, options; what is empty is left out. */
export function printResolvConf({ nameservers, search, options }: ResolvConf): string {
  const lines = [
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...nameservers.map((address) => `nameserver ${address}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** The number of an option such as `ndots:5`; `otherwise` where it isn't given or has no number. */
export function numericOption({ options }: ResolvConf, name: string, otherwise: number): number {
  const values = options
    .filter((option) => option.startsWith(`${name}:`))
    .map((option) => option.slice(name.length + 1))
  const number = /^[0-9]+/.exec(values.at(-1) ?? '')?.[0]
  return number === undefined ? otherwise : Number(number)
}

export function hasOption({ options }: ResolvConf, name: string): boolean {
  return options.includes(name)
}
