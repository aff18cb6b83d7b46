// `nsid`: tells which server it is to those who ask (RFC 5001).
import { hostname } from 'node:os'
import { once, readNothing } from '../corefile/read-block.ts'
import { Option } from '../dns/codes.ts'
import { type Reply, silence } from '../dns/reply.ts'
import type { Plugin } from '../plugin.ts'

/** The text, or undefined for the host's name. */
export const nsid: Plugin<string | undefined> = {
  name: 'nsid',

  parse(directives) {
    const directive = once(directives)
    readNothing({ ...directive, args: [] })
    return directive.args.length === 0 ? undefined : directive.args.join(' ')
  },

  handler(text = hostname()) {
    const option = { code: Option.NSID, data: Buffer.from(text, 'utf8').toString('latin1') }
    const sign = (reply: Reply): Reply => {
      if (reply === silence) return reply
      // An upstream server's own would name another server.
      return { ...reply, options: [...reply.options.filter(({ code }) => code !== Option.NSID), option] }
    }
    // hot
    return (query, next) => {
      const options = query.edns?.options
      if (options === undefined || options.length === 0) return next(query)
      if (!options.some(({ code }) => code === Option.NSID)) return next(query)
      const reply = next(query)
      return reply instanceof Promise ? reply.then(sign) : sign(reply)
    }
  },
}
