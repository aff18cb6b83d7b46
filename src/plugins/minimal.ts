// `minimal`: positive answers without anything beside them.
import { readNothing } from '../corefile/read-block.ts'
import type { Query } from '../dns/query.ts'
import type { Reply } from '../dns/reply.ts'
import { replyKind } from '../dns/reply-kind.ts'
import type { Plugin } from '../plugin.ts'

export const minimal: Plugin<null> = {
  name: 'minimal',

  /** Of several directives only the first is read, as in CoreDNS. */
  parse([directive]) {
    if (directive !== undefined) readNothing(directive)
    return null
  },

  handler() {
    // hot
    return (query, next) => {
      const reply = next(query)
      return reply instanceof Promise ? reply.then((value) => strip(query, value)) : strip(query, reply)
    }
  },
}

function strip(query: Query, reply: Reply): Reply {
  if (reply.authority.length === 0 && reply.additional.length === 0) return reply
  if (replyKind(query, reply) !== 'NOERROR') return reply
  return { ...reply, authority: [], additional: [] }
}
