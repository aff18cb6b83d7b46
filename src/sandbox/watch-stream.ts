// A watch on the wire: its events as lines of an answer that doesn't end, with the trouble that was asked for.
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ApiRequest } from './request.ts'
import type { Trouble } from './trouble.ts'
import type { VerbContext } from './verbs/answer.ts'
import { startWatch } from './verbs/watch.ts'

/** Octets a watch may leave unread before it is cut off. */
const mostUnread = 256 << 20

/** Answers with a watch. Throws ApiError, with nothing written yet, where it can't be started. */
export function serveWatch(
  request: ApiRequest,
  { response, socket }: { readonly response: ServerResponse; readonly socket: Socket },
  context: VerbContext & { readonly trouble: Trouble },
): void {
  const { trouble } = context
  let ended = false

  /** Does something to the connection, late where that is wished, never where it has fallen silent. */
  function act(action: () => void): void {
    const unlessSilent = () => {
      if (!trouble.isSilent(socket)) action()
    }
    if (trouble.delay > 0) setTimeout(unlessSilent, trouble.delay)
    else unlessSilent()
  }
  function begin(): void {
    if (response.headersSent) return
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
    response.flushHeaders()
  }
  function write(text: string): void {
    act(() => {
      if (response.writableLength > mostUnread) response.destroy()
      else if (!response.writableEnded) response.write(text)
    })
  }
  function end(): void {
    ended = true
    act(() => response.end())
  }

  const watch = startWatch(request, context, {
    send(type, object) {
      if (ended) return
      begin()
      const line = `${JSON.stringify({ type, object })}\n`
      const fault = type === 'BOOKMARK' || type === 'ERROR' ? undefined : trouble.faultFor(request)
      if (fault === 'malformed') write(`{"type":"${type}","object":{"metadata":}}\n`)
      else write(fault === 'truncated' ? line.slice(0, line.length / 2) : line)
      if (fault === 'truncated') end()
    },
    end,
  })
  begin()
  const forget = trouble.watching(watch)
  response.on('close', () => {
    watch.stop()
    forget()
  })
}
