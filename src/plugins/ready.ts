// `ready`: an HTTP page that says whether every plugin has what it needs.
import { CorefileError } from '../corefile/directive.ts'
import { once, readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { type HostPort, parseHostPort } from '../corefile/values.ts'
import type { Page } from '../http.ts'
import type { Log } from '../log.ts'
import type { Plugin, ServerState } from '../plugin.ts'

interface ReadyConfig {
  readonly address: HostPort
  /** Is a plugin that was ready once asked again? */
  readonly continuously: boolean
}

export const ready: Plugin<ReadyConfig> = {
  name: 'ready',

  parse(directives) {
    const directive = once(directives)
    const [text = ':8181'] = readArgs(directive, 0, 1)
    const address = readValue(directive, () => parseHostPort(text))
    let continuously = false
    readBlock(directive, {
      monitor: (property) => {
        const type = readArg(property)
        if (type !== 'until-ready' && type !== 'continuously') {
          throw new CorefileError(property, `monitor type '${type}' not supported`)
        }
        continuously = type === 'continuously'
      },
    })
    return { address, continuously }
  },

  async background({ address, continuously }, { log, server, share, signal }) {
    // Workers read this file too, and node:http would cost each of them several MiB.
    const { sharedListener } = await import('../http.ts')
    const listener = await sharedListener(share, address)
    listener.serve('/ready', readyPage(server, log, { continuously }), signal)
    return {}
  },
}

function readyPage(server: ServerState, log: Log, { continuously }: { readonly continuously: boolean }): () => Page {
  /** Those that have not been ready so far; undefined before the first question. */
  let waiting: readonly string[] | undefined
  return () => {
    if (server.stopping()) return { status: 503, body: 'Shutting down' }
    const pending = server.pending()
    if (continuously || waiting === undefined) waiting = [...pending.keys()].sort()
    else waiting = waiting.filter((plugin) => pending.has(plugin))
    if (waiting.length === 0) return { status: 200, body: 'OK' }
    const missing = waiting.map((plugin) => `${plugin} waits for ${pending.get(plugin)?.join(', ')}`)
    log.info(`Plugins not ready: ${JSON.stringify(waiting.join(','))}; ${missing.join('; ')}`)
    return { status: 503, body: waiting.join(',') }
  }
}
