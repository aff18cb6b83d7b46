// `any`: the minimal answer to questions for any type (RFC 8482 4.2).
import { readNothing } from '../corefile/read-block.ts'
import { Type } from '../dns/codes.ts'
import type { Query } from '../dns/query.ts'
import { encodeTxt } from '../dns/rdata.ts'
import { type Reply, reply } from '../dns/reply.ts'
import { rrset } from '../dns/rrset.ts'
import type { Plugin } from '../plugin.ts'

/** Seconds; the number of the RFC, as in CoreDNS. */
const ttl = 8482
/** CPU and operating system of a HINFO record have the form of TXT's strings. */
const obsoleted = encodeTxt(['ANY obsoleted', 'See RFC 8482'])

export const any: Plugin<null> = {
  name: 'any',

  /** Of several directives only the first is read, as in CoreDNS. */
  parse([directive]) {
    if (directive !== undefined) readNothing(directive)
    return null
  },

  handler() {
    return (query, next) => (query.type === Type.ANY ? refer(query) : next(query))
  },
}

function refer({ asked }: Query): Reply {
  return reply({ answer: [rrset(asked, Type.HINFO, ttl, [obsoleted])], plugin: 'any' })
}
