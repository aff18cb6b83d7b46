// `chaos`: version, host name and authors, for questions of class CH.
import { hostname } from 'node:os'
import { CorefileError } from '../corefile/directive.ts'
import { Class, Type } from '../dns/codes.ts'
import { type Name, parseName } from '../dns/name.ts'
import { encodeTxt } from '../dns/rdata.ts'
import { reply } from '../dns/reply.ts'
import type { Rdata } from '../dns/rrset.ts'
import type { Plugin } from '../plugin.ts'
import { programName, version } from '../version.ts'

interface ChaosConfig {
  readonly version: string
  /** In alphabetical order. */
  readonly authors: readonly string[]
}

/** Octets of a string of a TXT record. */
const maxString = 255

export const chaos: Plugin<ChaosConfig> = {
  name: 'chaos',
  otherClasses: true,

  /** Of several directives only the first is read, as in CoreDNS. */
  parse([directive]) {
    const [told = `${programName}-${version}`, ...authors] = directive?.args ?? []
    const [property] = directive?.block ?? []
    if (property !== undefined) throw new CorefileError(property, `unknown property '${property.name}'`)
    return {
      version: told,
      authors: authors.length === 0 ? [`the ${programName} authors`] : [...new Set(authors)].sort(),
    }
  },

  handler(config) {
    const told = [textOf(config.version)]
    const host = [textOf(hostname())]
    const answers: ReadonlyMap<Name, readonly Rdata[]> = new Map([
      [parseName('version.bind.'), told],
      [parseName('version.server.'), told],
      [parseName('authors.bind.'), config.authors.map(textOf)],
      [parseName('hostname.bind.'), host],
      [parseName('id.server.'), host],
    ])
    // hot
    return (query, next) => {
      if (query.class !== Class.CH || query.type !== Type.TXT) return next(query)
      const rdatas = answers.get(query.name)
      if (rdatas === undefined) return next(query)
      const answer = [{ owner: query.asked, type: Type.TXT, class: Class.CH, ttl: 0, rdatas }]
      return reply({ answer, plugin: 'chaos' })
    }
  },
}

/** One string, cut where it is too long for one. */
function textOf(text: string): Rdata {
  return encodeTxt([Buffer.from(text, 'utf8').toString('latin1').slice(0, maxString)])
}
