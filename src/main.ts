#!/usr/bin/env node
// Entry: CoreDNS's flags start the server; a first argument that names a subcommand starts that. No logic here.

// Before anything is loaded: Node answers SIGUSR1 by opening its inspector, unless somebody listens for it.
process.on('SIGUSR1', () => undefined)

/** Each gets the arguments after its name and resolves to the exit code, when it is done. */
const subcommands: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  check: async () => (await import('./cli/check.ts')).check,
  explain: async () => (await import('./cli/explain.ts')).explain,
  resolv: async () => (await import('./cli/resolv.ts')).resolv,
  sandbox: async () => (await import('./cli/sandbox.ts')).sandbox,
}

const args = process.argv.slice(2)
const name = args[0] ?? ''
const subcommand = Object.hasOwn(subcommands, name) ? await subcommands[name]?.() : undefined
process.exitCode = await (subcommand?.(args.slice(1)) ?? (await import('./cli/serve.ts')).serve(args))
