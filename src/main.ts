#!/usr/bin/env node
// Entry: CoreDNS's flags start the server; a first argument that names a subcommand starts that. No logic here.
import { check } from './cli/check.ts'
import { sandbox } from './cli/sandbox.ts'
import { serve } from './cli/serve.ts'

/** Each gets the arguments after its name and resolves to the exit code, or never, where it goes on serving. */
const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = { check, sandbox }

const args = process.argv.slice(2)
const first = args[0] ?? ''
const subcommand = Object.hasOwn(subcommands, first) ? subcommands[first] : undefined
process.exitCode = await (subcommand === undefined ? serve(args) : subcommand(args.slice(1)))
