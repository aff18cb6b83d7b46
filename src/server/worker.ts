// A worker thread: sockets, chains, and what its plugins were fed. Told what to run by the main thread (messages.ts).
import { type MessagePort, parentPort } from 'node:worker_threads'
import { Rcode } from '../dns/codes.ts'
import { errorReply } from '../dns/reply.ts'
import { openLog } from '../log.ts'
import { announceSeries } from '../metrics.ts'
import type { Next } from '../plugin.ts'
import { plugins } from '../plugins/index.ts'
import { answerWith } from './answer.ts'
import { buildChains } from './chain.ts'
import { Listeners } from './listeners.ts'
import type { FromWorker, ToWorker, WorkerSetup } from './messages.ts'
import { shortenTimeSlice } from './time-slice.ts'

interface FeedState {
  readonly port: MessagePort
  /** What the plugin made of it; undefined before it was asked for. */
  made: { readonly value: unknown } | undefined
}

const log = openLog()
const feeds = new Map<string, FeedState>()
let serve: Next = () => errorReply(Rcode.REFUSED)
/** Ends what the handlers in use keep open. */
let chains = new AbortController()
const note = (text: string) => parentPort?.postMessage({ say: 'note', text } satisfies FromWorker)
const listeners = new Listeners(
  answerWith((query) => serve(query), log),
  log,
  note,
)

/** A configuration that is ready to be served. */
interface Prepared {
  readonly setup: WorkerSetup
  readonly serve: Next
  readonly chains: AbortController
}

let prepared: Prepared | undefined

function prepare(setup: WorkerSetup, ports: readonly { key: string; port: MessagePort }[]): void {
  log.setDebug(setup.debug)
  for (const { key, port } of ports) feeds.set(key, { port, made: undefined })
  prepared?.chains.abort()
  prepared = undefined
  const building = new AbortController()
  try {
    const next = buildChains(setup.blocks, plugins, {
      log,
      localAddresses: setup.localAddresses,
      workers: setup.workers,
      signal: building.signal,
      feed: (key, build) => makeFeed(key, build),
    })
    prepared = { setup, serve: next, chains: building }
  } catch (error) {
    building.abort()
    throw error
  }
}

/** Puts what was prepared in the place of what is served; where its sockets can't be opened, that goes on. */
async function commit(): Promise<void> {
  if (prepared === undefined) throw new Error('nothing is prepared')
  const { setup, serve: next, chains: building } = prepared
  prepared = undefined
  try {
    await listeners.open(setup.places)
  } catch (error) {
    building.abort()
    throw error
  }
  serve = next
  chains.abort()
  chains = building
  await listeners.keep(setup.places)
  const used = new Set(setup.blocks.flatMap((block) => block.plugins.map((part) => part.feedKey)))
  for (const [key, { port }] of feeds) {
    if (used.has(key)) continue
    port.close()
    feeds.delete(key)
  }
}

function makeFeed<T>(key: string, build: (port: MessagePort) => T): T {
  const state = feeds.get(key)
  if (state === undefined) throw new Error(`no feed ${key}`)
  state.made ??= { value: build(state.port) }
  // Feeds of equal key are built by the same plugin.
  return state.made.value as T
}

async function handle(message: ToWorker): Promise<void> {
  if (message.say === 'prepare') prepare(message.setup, message.feeds)
  if (message.say === 'commit') await commit()
  if (message.say === 'secure') await listeners.secure(message.places)
  if (message.say === 'stop') {
    await listeners.keep([])
    chains.abort()
    for (const { port } of feeds.values()) port.close()
  }
}

if (!shortenTimeSlice()) note('the kernel refuses short time slices: queries may wait for other threads')
announceSeries((series) => parentPort?.postMessage({ say: 'counting', series } satisfies FromWorker))

parentPort?.on('message', async (message: ToWorker) => {
  const answer = (said: FromWorker) => parentPort?.postMessage(said)
  try {
    await handle(message)
    answer({ say: 'done', id: message.id })
    if (message.say === 'stop') parentPort?.close()
  } catch (error) {
    const { message: text, code } = error as NodeJS.ErrnoException
    answer({ say: 'failed', id: message.id, message: text, code })
  }
})
