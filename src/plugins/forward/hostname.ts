// The addresses of upstreams that are given by name. Looked up at the start and at each reload, on the main thread.
import { CorefileError } from '../../corefile/directive.ts'
import { type Destination, withoutRepeats } from './destination.ts'
import type { Stanza } from './stanza.ts'

/** For each try of each resolver, ms. */
const timeout = 2000

/** The stanza's destinations with every name replaced by its addresses. Rejects with CorefileError, in CoreDNS's words. */
export async function resolveNames(stanza: Stanza): Promise<readonly Destination[]> {
  const found = await Promise.all(
    stanza.to.map(async (destination) => {
      if (!destination.isName) return [destination]
      const addresses = await addressesOf(destination.host, stanza)
      return addresses.map((host) => ({ ...destination, host, isName: false }))
    }),
  )
  return withoutRepeats(found.flat())
}

async function addressesOf(name: string, { resolvers, at }: Stanza): Promise<readonly string[]> {
  const fail = (problem: string, cause: unknown) =>
    new CorefileError(at, `failed to resolve ${JSON.stringify(name)}: ${problem}`, { cause })
  try {
    const addresses = resolvers.length === 0 ? await askSystem(name) : await askResolvers(name, resolvers)
    if (addresses.length > 0) return addresses
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isUnknown = code === 'ENOTFOUND' || code === 'ENODATA'
    throw fail(
      isUnknown ? `lookup ${name}: no such host` : `no addresses found for ${JSON.stringify(name)}: ${message}`,
      error,
    )
  }
  throw fail(`no addresses found for ${JSON.stringify(name)}`, undefined)
}

async function askSystem(name: string): Promise<readonly string[]> {
  const { lookup } = await import('node:dns/promises')
  return (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address)
}

/** IPv4 first, as CoreDNS. One family without addresses is well; both failing is not. */
async function askResolvers(name: string, resolvers: readonly string[]): Promise<readonly string[]> {
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver({ timeout, tries: 1 })
  resolver.setServers(resolvers)
  const results = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  const failure = results.find((result) => result.status === 'rejected')
  if (addresses.length === 0 && failure !== undefined) throw failure.reason
  return addresses
}
