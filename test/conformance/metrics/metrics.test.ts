// What Prometheus reads from ours and from CoreDNS after the same questions: names, types, help, labels, buckets, counts.
//
// coredns.txt is what CoreDNS 1.14.7 says. With COREDNS=/path/to/coredns it is asked again, and must say the same.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask, askTcp, freePort, question } from '../../server/ask.ts'
import { folderFor } from '../../server/process.ts'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
const recorded = readFileSync(new URL('coredns.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')

const corefile = (port: number, [health, metrics]: readonly number[]) => `example.org:${port} {
    bind 127.0.0.1
    errors
    health 127.0.0.1:${health}
    prometheus 127.0.0.1:${metrics}
    reload 1h
    cache 30
    template IN TXT t.example.org {
        answer "{{ .Name }} 60 IN TXT some-text"
    }
    hosts {
        10.0.0.1 h.example.org
        fallthrough
    }
    whoami
}
example.net:${port} {
    bind 127.0.0.1
    prometheus 127.0.0.1:${metrics}
    template IN ANY refuse.example.net {
        rcode REFUSED
    }
    whoami
}
`

const edns = (dnssecOk: boolean) => ({
  additionals: [
    {
      type: 'OPT' as const,
      name: '.' as const,
      udpPayloadSize: 1232,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: dnssecOk ? 0x8000 : 0,
      flag_do: dnssecOk,
      options: [],
    },
  ],
})
const typed = (name: string, type: string, klass = 'IN') =>
  question(name, { questions: [{ name, type: type as 'A', class: klass as 'IN' }] })

/** Each is asked once, in this order. */
const questions: readonly (readonly [how: typeof ask | typeof askTcp, message: Buffer])[] = [
  [ask, question('h.example.org')],
  [ask, question('x.example.net')],
  [ask, question('X.Sub.Example.NET', edns(true))],
  [askTcp, question('x.example.net', edns(false))],
  [askTcp, typed('x.example.net', 'AAAA')],
  [ask, typed('t.example.org', 'TXT')],
  [ask, typed('x.example.net', 'HINFO')],
  [ask, typed('x.example.net', 'SVCB')],
  [ask, question('refuse.example.net')],
  [ask, question('example.com')],
  [askTcp, typed('version.bind', 'TXT', 'CH')],
]

/** Starts a server, asks the questions, and resolves to its page. */
async function scrape(t: TestContext, command: readonly string[]): Promise<string> {
  const [port, ...pages] = [await freePort(), await freePort(), await freePort()] as const
  const file = join(folderFor(t), 'Corefile')
  writeFileSync(file, corefile(port, pages))
  const [program = '', ...args] = command
  const child = spawn(program, [...args, '-conf', file], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  try {
    const [first, ...others] = questions.map(
      ([how, message]) =>
        () =>
          how(port, message),
    )
    // Until somebody listens the answer is a refused connection, so that each question is counted once.
    for (let tries = 0; (await first?.()) === undefined; tries++) {
      assert.ok(tries < 300 && child.exitCode === null, `${program} doesn't answer`)
      await sleep(50)
    }
    for (const question of others) assert.ok(await question())
    // What is enabled is shown once everything answers, which may be a moment after the first answer.
    let page = ''
    for (let tries = 0; tries < 100 && !page.includes('coredns_plugin_enabled'); tries++) {
      page = await (await fetch(`http://127.0.0.1:${pages[1]}/metrics`)).text()
    }
    return page.replaceAll(`:${port}"`, ':PORT"')
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Of these only what they are is compared, not how much: they depend on time, threads, or the state of caches. */
const unsteady = /^coredns_(health|cache|build|hosts_reload|dns_request_duration)/

/** What is compared of a page, line by line. */
function outline(page: string): string[] {
  const lines: string[] = []
  for (const block of page.split(/^(?=# HELP )/m)) {
    const [, name = ''] = /^# HELP (\S+)/.exec(block) ?? []
    if (!name.startsWith('coredns_')) continue
    for (const line of block.split('\n')) {
      const [, metric = '', labels = '', value = ''] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
      if (line.startsWith('#')) lines.push(line)
      else if (metric !== '') {
        const told = `${metric}{${
          labels
            .match(/[a-z_]+="[^"]*"/g)
            ?.sort()
            .join() ?? ''
        }}`
        lines.push(unsteady.test(metric) ? told : `${told} ${Number(value)}`)
      }
    }
  }
  return [...new Set(lines)].sort()
}

/** Lines in which we differ on purpose. */
function differs(line: string): boolean {
  return (
    // Names the plugin that made the reply; CoreDNS the one after prometheus.
    line.startsWith('coredns_dns_responses_total') ||
    // Of another program.
    line.startsWith('coredns_build_info') ||
    // Is there from the start.
    line.includes('coredns_reload_version_info')
  )
}

/** Metrics without labels are there whether their plugin is loaded or not; these are of plugins that we may not have. */
const others = /coredns_(forward|local|hosts_reload|autopath)_/

test('ours is what CoreDNS said', async (t) => {
  const ours = outline(await scrape(t, [process.execPath, main]))
  const compared = (lines: readonly string[]) => lines.filter((line) => !differs(line) && !others.test(line))
  // We show some metrics at 0 already where CoreDNS waits for something to count.
  const early = (line: string) => /coredns_cache_/.test(line) && !recorded.includes(line)
  assert.deepEqual(
    compared(ours).filter((line) => !early(line)),
    compared(recorded),
  )
  // Where it differs, all but the label is the same.
  const responses = (lines: readonly string[]) =>
    lines
      .filter((line) => line.startsWith('coredns_dns_responses_total'))
      .map((line) => line.replace(/plugin="[^"]*",/, ''))
  const sum = (lines: readonly string[]) => {
    const sums = new Map<string, number>()
    for (const line of responses(lines)) {
      const [labels = '', count] = line.split(' ')
      sums.set(labels, (sums.get(labels) ?? 0) + Number(count))
    }
    return [...sums].sort()
  }
  assert.deepEqual(sum(ours), sum(recorded))
  const plugins = ours.flatMap((line) => /^coredns_dns_responses_total.*plugin="(\w*)"/.exec(line)?.[1] ?? [])
  assert.deepEqual([...new Set(plugins)].sort(), ['', 'hosts', 'template', 'whoami'])
})

test('CoreDNS still says so', { skip: process.env.COREDNS === undefined }, async (t) => {
  assert.deepEqual(outline(await scrape(t, [process.env.COREDNS as string])), recorded)
})
