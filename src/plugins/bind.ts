// `bind`: the addresses a server block is listened on, given as such or by the interface that has them.
import { networkInterfaces } from 'node:os'
import { CorefileError, type Directive, type Position } from '../corefile/directive.ts'
import { readBlock } from '../corefile/read-block.ts'
import { canonicalAddress, unmappedAddress } from '../dns/address.ts'
import type { Plugin } from '../plugin.ts'

/** One directive: words that are addresses or names of interfaces, and where they stand. */
interface Binding {
  readonly words: readonly string[]
  readonly except: readonly string[]
  readonly at: Position
}

export const bind: Plugin<readonly Binding[]> = {
  name: 'bind',

  parse(directives) {
    return directives.map(parseBinding)
  },

  /** Interfaces are looked up here: which addresses they have changes from start to start. */
  listen(bindings, listen) {
    return { ...listen, addresses: [...listen.addresses, ...bindings.flatMap(addressesOf)] }
  },
}

function parseBinding(directive: Directive): Binding {
  if (directive.args.length === 0) {
    throw new CorefileError(directive, 'at least one address or interface name is expected')
  }
  const except: string[] = []
  readBlock(directive, {
    except: ({ args, ...at }) => {
      if (args.length === 0) {
        throw new CorefileError(at, 'at least one address or interface must be given to except subdirective')
      }
      // The last one counts, as in CoreDNS.
      except.splice(0, except.length, ...args)
    },
  })
  const { plugin, file, line } = directive
  return { words: directive.args, except, at: { plugin, file, line } }
}

function addressesOf({ words, except, at }: Binding): string[] {
  const excepted = new Set(except.flatMap((word) => resolveWord(word, at)))
  const addresses = words.flatMap((word) => resolveWord(word, at)).filter((address) => !excepted.has(address))
  // Without any the block would be listened on everywhere.
  if (addresses.length === 0) throw new CorefileError(at, `no address to listen on: ${words.join(' ')} has none`)
  return addresses
}

/** An interface's addresses, those good on its link only with its name (`fe80::1%eth0`), or the address itself. */
function resolveWord(word: string, at: Position): string[] {
  const interfaces = networkInterfaces()
  const found = Object.hasOwn(interfaces, word) ? interfaces[word] : undefined
  if (found !== undefined) return found.map(({ address, scopeid }) => (scopeid ? `${address}%${word}` : address))
  const address = canonicalAddress(word)
  if (address === undefined) throw new CorefileError(at, `not a valid IP address or interface name: "${word}"`)
  return [unmappedAddress(address)]
}
