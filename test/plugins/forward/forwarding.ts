// The plugin at work in a test: a stanza, upstreams that the test breaks, and what came of a question in a line.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { printRcode } from '../../../src/dns/codes.ts'
import type { Client, Query } from '../../../src/dns/query.ts'
import { type Reply, reply } from '../../../src/dns/reply.ts'
import { printRecords } from '../../../src/dns/text.ts'
import { collectMetrics } from '../../../src/metrics.ts'
import { Failure, type WorkerContext } from '../../../src/plugin.ts'
import { forward } from '../../../src/plugins/forward/index.ts'
import { createAuthority } from '../../../src/sandbox/certificate.ts'
import { configOf, queryOf, workerContext } from '../../context.ts'
import { folderFor } from '../../server/process.ts'
import { type Behaviour, FaultyUpstream, honest } from '../../upstream.ts'

export type Fields = Partial<Omit<Query, 'client'>> & { readonly client?: Partial<Client> }

/** Upstreams that end with the test, one for each behaviour. */
export async function upstreams(t: TestContext, ...behaviours: readonly Behaviour[]): Promise<FaultyUpstream[]> {
  const opened = await Promise.all(behaviours.map((behaviour) => FaultyUpstream.open(behaviour)))
  t.after(() => Promise.all(opened.map((upstream) => upstream.die())))
  return opened
}

let issued: ReturnType<typeof issue> | undefined
function issue() {
  const authority = createAuthority()
  return {
    authority,
    server: authority.issueServer(['dns.example', '127.0.0.1']),
    client: authority.issueClient({ commonName: 'clusterdns' }),
  }
}

/**
 * An upstream by TLS or HTTPS, known as `dns.example` and by its address, that ends with the test; and the files of the
 * authority that signed its certificate, of a certificate of ours and its key. With `knowsUs` it serves nobody else.
 */
export async function secureUpstream(
  t: TestContext,
  face: 'tls' | 'https',
  { behave = honest, knowsUs = false }: { readonly behave?: Behaviour; readonly knowsUs?: boolean } = {},
) {
  issued ??= issue()
  const { authority, server, client } = issued
  const strict = knowsUs ? { requestCert: true, rejectUnauthorized: true, ca: authority.certificate } : {}
  const options = { cert: server.certificate, key: server.key, ...strict }
  const upstream = await FaultyUpstream.open(behave, face === 'tls' ? { tls: options } : { https: options })
  t.after(() => upstream.die())
  const folder = folderFor(t)
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const paths = {
    ca: file('ca', authority.certificate),
    cert: file('cert', client.certificate),
    key: file('key', client.key),
  }
  return { upstream, paths }
}

/** A handler for these directives; its sockets end with the test. Behind it everything is answered by plugin `next`. */
export function forwardBy(t: TestContext, body: string, context: Partial<WorkerContext> = {}) {
  const controller = new AbortController()
  t.after(() => controller.abort())
  const config = configOf(forward, body)
  const handler = forward.handler?.(config, workerContext({ signal: controller.signal, ...context }))
  assert(handler !== undefined)
  const next = () => reply({ plugin: 'next' })
  const ask = async (question: string, fields?: Fields): Promise<Reply> => handler(queryOf(question, fields), next)
  return {
    ask,
    /** The reply to a question in a line: rcode, TC, records; or the failure, and what the client hears. */
    told: async (question: string, fields?: Fields): Promise<string> => {
      try {
        return line(await ask(question, fields))
      } catch (error) {
        assert(error instanceof Failure)
        return `${line(error.reply)}: ${withoutPorts(error.message)}`
      }
    },
    end: () => controller.abort(),
  }
}

export function line({ rcode, truncated, answer, plugin, errors }: Reply): string {
  const words = plugin === 'next' ? ['next'] : [printRcode(rcode)]
  if (truncated) words.push('TC')
  for (const { code } of errors) words.push(`EDE${code}`)
  for (const rrset of answer) words.push(...printRecords(rrset).map((record) => record.replace(/\s+/g, ' ')))
  return words.join(' ')
}

/** Ports are chosen anew for each test. */
export const withoutPorts = (text: string) => text.replaceAll(/(127\.0\.0\.1|\[::1\]):[0-9]+/g, '$1')

/** Waits until it holds; rejects where it never does. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert(tries < 5000, `never: ${holds}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What is counted under this name for these values of its labels; of a histogram the number of observations. */
export function counted(name: string, ...values: readonly string[]): number {
  const metric = collectMetrics().find(({ definition }) => definition.name === name)
  const series = metric?.series.find((one) => values.every((value, at) => one.values[at] === value))
  if (metric?.definition.kind !== 'histogram') return series?.cells[0] ?? 0
  return series?.cells.slice(0, -1).reduce((sum, count) => sum + count, 0) ?? 0
}
