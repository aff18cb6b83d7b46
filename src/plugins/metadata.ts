// `metadata`: in CoreDNS what makes facts about queries known to other plugins. Here they always are: it is read, and does
// nothing.
import { CorefileError } from '../corefile/directive.ts'
import type { Plugin } from '../plugin.ts'

export const metadata: Plugin<null> = {
  name: 'metadata',

  /** Any arguments are zones: what can't be one is left out without a word, as in CoreDNS. */
  parse(directives) {
    const stray = directives[0]?.block[0] ?? directives[1]
    if (stray !== undefined) {
      throw new CorefileError(stray, `Wrong argument count or unexpected line ending after '${stray.name}'`)
    }
    return null
  },
}
