import {
  answering,
  type LambdaHostUnderTest,
  memberOf,
  pluginWith,
  startLambdaHost,
} from './lambda-host-under-test.ts'

let host: LambdaHostUnderTest
beforeAll(async () => {
  host = await startLambdaHost()
})
afterAll(() => host?.close())

const errorsOf = async (files: Record<string, string>) => {
  const built = await host.build('acme', files)
  return built.ok ? [] : built.errors
}

test('the same files are the same build, with the SDL that the gateway composes', async () => {
  const files = { 'plugin.ts': answering('return "1"') }
  const one = await host.build('acme', files)
  expect(one).toEqual({
    ok: true,
    digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    sdl: expect.stringContaining('@link(url: "https://specs.apollo.dev/federation/v2'),
    functions: ['Query.answer'],
  })
  expect(await host.build('acme', files)).toEqual(one)
})

test('a plugin is built of the files that were submitted', async () => {
  const built = await host.build('acme', {
    'plugin.ts': `import { word } from './lib/words'; import data from './data.json'\n${answering('return word + data.n')}`,
    'lib/words.ts': 'export const word: string = "w"',
    'data.json': '{ "n": 1 }',
  })
  expect(built.ok).toBe(true)
})

test.each([
  './demo.json',
  '../../package.json',
  '/etc/passwd',
  'node:fs',
  'fs',
  'esbuild',
  'graphql',
  'data:text/javascript,export default 1',
  'file:///etc/passwd',
  'https://example.com/x.js',
])('nothing of the host can be imported: %s', async (path) => {
  for (const statement of [
    `import x from '${path}'`,
    `const x = () => import('${path}')`,
    `const x = require('${path}')`,
  ]) {
    const plugin = `${statement}\nconsole.log(x)\n${answering('return "1"')}`
    expect(await errorsOf({ 'plugin.ts': plugin })).toEqual([
      { code: 'BUNDLE_FAILED', message: expect.any(String), file: 'plugin.ts', line: 1 },
    ])
  }
})

test('a reference to files of the host is a comment and nothing more', async () => {
  const plugin = `/// <reference path="/etc/passwd" />\n${answering('return "1"')}`
  expect(await errorsOf({ 'plugin.ts': plugin, 'tsconfig.json': '{ "extends": "/etc/passwd" }' })).toEqual([])
})

test.each([
  ['SDL_SYNTAX', 'type Query {'],
  ['SCHEMA_NOT_ALLOWED', 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3")'],
  ['DIRECTIVE_NOT_ALLOWED', 'type A @tag(name: "x") { a: Int }'],
  ['DIRECTIVE_NOT_ALLOWED', 'type A { a: Int @inaccessible }'],
  ['DIRECTIVE_NOT_ALLOWED', 'type A @authenticated { a: Int }'],
  ['DIRECTIVE_NOT_ALLOWED', 'type User @key(fields: "id") @requiresScopes(scopes: [["x"]]) { id: ID! }'],
  ['DIRECTIVE_DEFINED', 'directive @mine on OBJECT'],
  ['OVERRIDE_NOT_ALLOWED', 'type User @key(fields: "id") { id: ID! nick: String @override(from: "users") }'],
  ['CORE_TYPE_REDECLARED', 'enum Role { MEMBER }'],
  ['CORE_TYPE_REDECLARED', 'input SignInInput { email: String! }'],
  ['CORE_TYPE_REDECLARED', 'type Session { id: ID! }'],
  ['CORE_FIELD_REDECLARED', 'type User @key(fields: "id") { id: ID! email: String }'],
  ['CORE_FIELD_REDECLARED', 'type Query { me: String }'],
  ['ENTITY_WITHOUT_KEY', 'type User { id: ID! }'],
  ['NAME_RESERVED', 'type _Any { a: Int }'],
  ['NAME_RESERVED', 'type Query { _service: String }'],
  ['NOT_AVAILABLE_YET', 'type Subscription { ticks: Int }'],
  ['NOT_A_DEFINITION', '{ me }'],
])('SDL is refused: %s, %s', async (code, typeDefs) => {
  const errors = await errorsOf({ 'plugin.ts': pluginWith({ typeDefs: `\n${typeDefs}\n`, resolvers: '' }) })
  // The SDL begins on the third line of the file, with a line break.
  const line = code === 'SDL_SYNTAX' ? expect.any(Number) : 4
  expect(errors[0]).toEqual({ code, message: expect.any(String), file: 'plugin.ts', line })
})

test('SDL that is nested without end is a fault of its author, not of the host', async () => {
  const typeDefs = `type Query { a: ${'['.repeat(100_000)} }`
  const errors = await errorsOf({ 'plugin.ts': pluginWith({ typeDefs, resolvers: '' }) })
  expect(errors.map(({ code }) => code)).toEqual(['SDL_SYNTAX'])
})

test.each([
  ['FIELD_WITHOUT_RESOLVER', pluginWith({ typeDefs: 'type Query { a: Int }', resolvers: '' })],
  ['RESOLVER_WITHOUT_FIELD', pluginWith({ typeDefs: 'type A { a: Int }', resolvers: 'A: { b: () => [] }' })],
  ['NOT_AVAILABLE_YET', pluginWith({ typeDefs: 'type A { a: Int }', resolvers: '', rest: 'rules: {},' })],
  ['SETTING_UNKNOWN', pluginWith({ typeDefs: 'type A { a: Int }', resolvers: '', rest: 'rulez: {},' })],
  ['TYPEDEFS_MISSING', 'export default { resolvers: {} }'],
  ['LAMBDA_FAILED', 'export const nothing = 1'],
  ['LAMBDA_FAILED', 'throw new Error("at once")'],
  ['LAMBDA_CPU_EXCEEDED', 'for (;;);'],
  ['BUNDLE_FAILED', 'const = 1'],
])('a plugin that cannot be run is refused: %s', async (code, plugin) => {
  expect((await errorsOf({ 'plugin.ts': plugin })).map((error) => error.code)).toEqual([code])
})

test('a plugin without its entry, and one too large, are refused', async () => {
  expect((await errorsOf({ 'other.ts': '' })).map((error) => error.code)).toEqual(['ENTRY_MISSING'])
  const large = `${answering('return "1"')}\nexport const text = ${JSON.stringify('x'.repeat(1_100_000))}; console.log(text)`
  expect((await errorsOf({ 'plugin.ts': large })).map((error) => error.code)).toEqual(['BUNDLE_TOO_LARGE'])
})

test('only a deployer of the client, or an operator, builds its plugin', async () => {
  const files = { 'plugin.ts': answering('return "1"') }
  const refused = { errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN' } })] }
  expect(await host.build('acme', files, { kind: 'DEPLOYER', client: 'globex', keyId: 'k' })).toEqual(refused)
  expect(await host.build('acme', files, memberOf('acme'))).toEqual(refused)
  expect(await host.build('acme', files, { kind: 'OPERATOR', keyId: 'k' })).toMatchObject({ ok: true })
})
