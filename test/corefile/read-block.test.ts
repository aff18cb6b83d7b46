import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CorefileError, type Directive } from '../../src/corefile/directive.ts'
import { parseCorefile } from '../../src/corefile/parse.ts'
import { once, readArg, readArgs, readBlock, readNothing, readValue } from '../../src/corefile/read-block.ts'
import { parseDuration } from '../../src/corefile/values.ts'
import { parseName } from '../../src/dns/name.ts'
import { memorySource } from './memory-source.ts'

function directivesOf(body: string): readonly Directive[] {
  return parseCorefile(`. {\n${body}\n}`, memorySource({}, { file: 'Corefile' }))[0]?.directives ?? []
}

const directiveOf = (body: string): Directive => directivesOf(body)[0] as Directive

function throwsCorefileError(action: () => unknown, message: string): void {
  assert.throws(action, (error) => {
    assert(error instanceof CorefileError)
    assert.equal(error.message, message)
    return true
  })
}

suite('readBlock', () => {
  test('calls the function of each property, in order', () => {
    const seen: string[] = []
    const directive = directiveOf('plug {\n  b 1 2\n  a\n  b 3\n}')
    readBlock(directive, {
      a: ({ name }) => seen.push(name),
      b: ({ name, args }) => seen.push(`${name} ${args.join(' ')}`),
    })
    assert.deepEqual(seen, ['b 1 2', 'a', 'b 3'])
  })

  const unknown: Readonly<Record<string, string>> = {
    'plug {\n  a\n  c\n}': "plugin/plug: Corefile:4 - Error during parsing: unknown property 'c'",
    'plug {\n  toString\n}': "plugin/plug: Corefile:3 - Error during parsing: unknown property 'toString'",
    // A property has no block.
    'plug {\n  a {\n    b\n  }\n}': "plugin/plug: Corefile:3 - Error during parsing: unknown property '{'",
  }
  for (const [body, message] of Object.entries(unknown)) {
    test(JSON.stringify(body), () =>
      throwsCorefileError(() => readBlock(directiveOf(body), { a: () => undefined }), message),
    )
  }
})

suite('arguments', () => {
  const words = (after: string) =>
    `plugin/plug: Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after '${after}'`

  test('as many as wanted', () => {
    assert.deepEqual(readArgs(directiveOf('plug'), 0), [])
    assert.deepEqual(readArgs(directiveOf('plug a b'), 2), ['a', 'b'])
    assert.deepEqual(readArgs(directiveOf('plug a b'), 1, 3), ['a', 'b'])
    assert.deepEqual(readArgs(directiveOf('plug a b'), 1, Number.POSITIVE_INFINITY), ['a', 'b'])
    assert.equal(readArg(directiveOf('plug a')), 'a')
    readNothing(directiveOf('plug'))
  })
  test('too few', () => throwsCorefileError(() => readArgs(directiveOf('plug a'), 2), words('a')))
  test('none', () => throwsCorefileError(() => readArg(directiveOf('plug')), words('plug')))
  test('too many', () => throwsCorefileError(() => readArgs(directiveOf('plug a b c'), 0, 2), words('c')))
  test('any', () => throwsCorefileError(() => readNothing(directiveOf('plug a')), words('a')))
  test('a block where there is none', () =>
    throwsCorefileError(
      () => readNothing(directiveOf('plug {\n  a\n}')),
      "plugin/plug: Corefile:2 - Error during parsing: Unexpected token '{', expecting argument",
    ))
})

suite('values', () => {
  const directive = directiveOf('plug {\n  timeout 5\n}').block[0] as Directive

  test('what is read', () =>
    assert.equal(
      readValue(directive, () => parseDuration('5s')),
      5000,
    ))
  test('what makes no sense is told with its place', () =>
    throwsCorefileError(
      () => readValue(directive, () => parseDuration('5')),
      'plugin/plug: Corefile:3 - Error during parsing: time: missing unit in duration "5"',
    ))
  test('in the words of the plugin', () =>
    throwsCorefileError(
      () =>
        readValue(
          directive,
          () => parseName('a..b'),
          (problem) => `bad name: ${problem}`,
        ),
      'plugin/plug: Corefile:3 - Error during parsing: bad name: empty label in name "a..b"',
    ))
  test('other errors are left as they are', () => {
    const fault = new TypeError('fault')
    const parse = () => {
      throw fault
    }
    assert.throws(() => readValue(directive, parse), fault)
  })
})

suite('once', () => {
  test('one', () => assert.equal(once(directivesOf('plug a')).args[0], 'a'))
  test('two', () =>
    throwsCorefileError(
      () => once(directivesOf('plug a\nplug b')),
      'plugin/plug: Corefile:3 - Error during parsing: this plugin can only be used once per Server Block',
    ))
})
