// `tls`: the certificate of encrypted listeners, and what they want of their clients'.
import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ClientAuth } from '../client-auth.ts'
import { CorefileError, type Directive } from '../corefile/directive.ts'
import { readArg, readArgs, readBlock, readValue } from '../corefile/read-block.ts'
import { readTlsFiles } from '../corefile/tls-files.ts'
import { ValueError } from '../corefile/values.ts'
import type { Plugin, TlsListen } from '../plugin.ts'

interface Config {
  readonly files: readonly string[]
  readonly clientAuth: ClientAuth
  readonly keyLog: string | undefined
  /** Where it stands. */
  readonly at: Directive
}

const policies: Readonly<Record<string, ClientAuth>> = {
  nocert: 'none',
  request: 'request',
  require: 'require any',
  verify_if_given: 'verify if given',
  require_and_verify: 'require and verify',
}

/** The files are another host's when a Corefile is only checked, so they are read when it is put into force. */
export const tls: Plugin<Config> = {
  name: 'tls',

  parse(directives) {
    // What is said later counts.
    return directives.map(parseTls).at(-1) as Config
  },

  listen(config, listen) {
    return { ...listen, tls: readValue(config.at, () => listenOf(config)) }
  },

  background({ keyLog }, { log }) {
    if (keyLog !== undefined) log.warning(`Writing TLS Key Log to ${JSON.stringify(keyLog)}`)
    return {}
  },
}

function parseTls(directive: Directive): Config {
  if (directive.args.length === 0) {
    const words = 'certificates by ACME are not supported here: tls CERT KEY; docs/migrating.md says what to do instead'
    throw new CorefileError(directive, words)
  }
  const files = readArgs(directive, 2, 3)
  let clientAuth: ClientAuth = 'none'
  let keyLog: string | undefined
  readBlock(
    directive,
    {
      client_auth: (property) => {
        const text = readArg(property)
        const found = Object.hasOwn(policies, text) ? policies[text] : undefined
        if (found === undefined) throw new CorefileError(property, `unknown authentication type '${text}'`)
        clientAuth = found
      },
      keylog: (property) => {
        keyLog = resolve(readArg(property))
      },
    },
    (property) => new CorefileError(property, `unknown option '${property.name}'`),
  )
  return { files, clientAuth, keyLog, at: { ...directive, args: [], block: [] } }
}

/** Throws ValueError. */
function listenOf({ files, clientAuth, keyLog }: Config): TlsListen {
  const { cert = '', key = '', ca } = readTlsFiles(files)
  if (keyLog !== undefined) tryWriting(keyLog)
  return {
    files,
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    clientAuth,
    ...(keyLog === undefined ? {} : { keyLog }),
  }
}

function tryWriting(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600))
  } catch (cause) {
    throw new ValueError(`unable to write TLS Key Log to ${JSON.stringify(file)}: ${(cause as Error).message}`, {
      cause,
    })
  }
}
