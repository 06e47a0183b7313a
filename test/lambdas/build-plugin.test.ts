import type { BuildLimits } from '../../lambdas/host/build-limits.ts'
import { scriptOf } from '../../lambdas/host/bundle-places.ts'
import { bundlePlugin } from '../../lambdas/host/bundle-plugin.ts'
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
    rules: [],
    handlers: [],
    documents: [],
    needs: { scopes: [], egress: [] },
  })
  expect(await host.build('acme', files)).toEqual(one)
})

test('a plugin of rules and handlers needs no typeDefs', async () => {
  const rest = "rules: { 'Query.me': (call) => call.args }, on: { 'plugin.done': () => {} }"
  expect(await host.build('acme', { 'plugin.ts': `export default { ${rest} }` })).toMatchObject({
    ok: true,
    functions: [],
    rules: ['Query.me'],
    handlers: ['plugin.done'],
  })
})

test.each(['Object.prototype.toJSON = () => 5', 'Array.prototype.toJSON = () => "rules"'])(
  'a plugin that says nothing sensible of itself is refused: %s',
  async (trick) => {
    const errors = await errorsOf({ 'plugin.ts': `${trick}\n${answering('return 1')}` })
    expect(errors).toMatchObject([{ code: 'LAMBDA_INVALID_RESULT', file: 'plugin.ts' }])
  },
)

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

test.each([
  ['a folder above its own', '../../../../etc/passwd'],
  ['a path that begins outside and comes back', '../clients/data.json'],
  ['an absolute path', '/etc/passwd'],
])('a submitted file is found by its own path only, not as %s', async (_what, path) => {
  const plugin = `import x from '${path}'\nconsole.log(x)\n${answering('return "1"')}`
  expect(await errorsOf({ 'plugin.ts': plugin, 'data.json': '1' })).toEqual([
    { code: 'BUNDLE_FAILED', message: expect.any(String), file: 'plugin.ts', line: 1 },
  ])
})

test('settings of a compiler, packages and maps among the files lead nowhere', async () => {
  const plugin = `import { word } from './word.js'\n${answering('return word')}`
  const files = {
    'plugin.ts': plugin,
    'word.js': 'export const word = "w"\n//# sourceMappingURL=/etc/passwd',
    'tsconfig.json': '{ "compilerOptions": { "paths": { "./word.js": ["/etc/passwd"] }, "baseUrl": "/" } }',
    'package.json': '{ "browser": { "./word.js": "/etc/passwd" }, "imports": { "#x": "/etc/passwd" } }',
  }
  expect(await errorsOf(files)).toEqual([])
  const inner = { ...files, 'plugin.ts': plugin.replace('./word.js', '#x') }
  expect((await errorsOf(inner)).map(({ code }) => code)).toEqual(['BUNDLE_FAILED'])
})

test.each([
  ['a page of styles', 'style.css', 'body { background: url(/etc/passwd) }'],
  ['a component', 'view.tsx', 'export const a = <div />'],
  ['text', 'words.txt', 'word'],
])('%s is no part of a plugin', async (_what, path, content) => {
  const plugin = `import x from './${path}'\nconsole.log(x)\n${answering('return "1"')}`
  expect((await errorsOf({ 'plugin.ts': plugin, [path]: content })).map(({ code }) => code)).toEqual([
    'BUNDLE_FAILED',
  ])
})

test('a reference to files of the host is a comment and nothing more', async () => {
  const plugin = `/// <reference path="/etc/passwd" />\n${answering('return "1"')}`
  expect(await errorsOf({ 'plugin.ts': plugin, 'tsconfig.json': '{ "extends": "/etc/passwd" }' })).toEqual([])
})

test.each([
  ['SDL_SYNTAX', 'type Query {\n  a Int }'],
  ['SCHEMA_NOT_ALLOWED', '\nextend schema @link(url: "https://specs.apollo.dev/federation/v2.3")'],
  ['DIRECTIVE_NOT_ALLOWED', 'type A {\n  a: Int @inaccessible }'],
  ['SDL_INVALID', 'type A {\n  a: Unheard }'],
  ['SDL_INVALID', 'type A implements I { a: Int } interface I { a: Int\n  b: Int }'],
])('a fault in the SDL is told with its place: %s, %s', async (code, typeDefs) => {
  const found = [{ code, message: expect.any(String), file: 'plugin.ts', line: 4 }]
  // The SDL begins on the third line of the file.
  const whole = pluginWith({ typeDefs, resolvers: '' })
  expect(await errorsOf({ 'plugin.ts': whole })).toEqual(found)
  expect(await errorsOf({ 'plugin.ts': whole.replaceAll('\n', '\r\n') })).toEqual(found)
  // In pieces, each line is looked for by itself.
  const pieces = `const more = ''; ${whole.replace('gql`', ['gql`$', '{more}'].join(''))}`
  expect(await errorsOf({ 'plugin.ts': pieces })).toEqual(found)
})

test('SDL that is nested without end is a fault of its author, not of the host', async () => {
  const typeDefs = `type Query { a: ${'['.repeat(100_000)} }`
  const errors = await errorsOf({ 'plugin.ts': pluginWith({ typeDefs, resolvers: '' }) })
  expect(errors.map(({ code }) => code)).toEqual(['SDL_SYNTAX'])
})

test.each([
  ['FIELD_WITHOUT_RESOLVER', pluginWith({ typeDefs: 'type Query { a: Int }', resolvers: '' })],
  ['RESOLVER_WITHOUT_FIELD', pluginWith({ typeDefs: 'type A { a: Int }', resolvers: 'A: { b: () => [] }' })],
  [
    'RESOLVER_OF_GIVEN_FIELD',
    pluginWith({ typeDefs: 'type User @key(fields: "id") { id: ID! }', resolvers: 'User: { id: () => [] }' }),
  ],
  [
    'RESOLVER_OF_GIVEN_FIELD',
    pluginWith({
      typeDefs: 'type User @key(fields: "id") { id: ID! name: String! @external }',
      resolvers: 'User: { name: () => [] }',
    }),
  ],
  [
    'RESOLVER_WITHOUT_FIELD',
    pluginWith({
      typeDefs: 'type User @key(fields: "id") { id: ID! }',
      resolvers: 'User: { __resolveReference: () => [] }',
    }),
  ],
  ['RULE_INVALID', pluginWith({ typeDefs: '', resolvers: '', rest: 'rules: { createRecord: () => 0 },' })],
  ['RULE_INVALID', pluginWith({ typeDefs: '', resolvers: '', rest: 'rules: { "User.email": () => 0 },' })],
  [
    'EVENT_UNKNOWN',
    pluginWith({ typeDefs: '', resolvers: '', rest: 'on: { "data.record.creatd": () => 0 },' }),
  ],
  ['SCOPE_UNKNOWN', pluginWith({ typeDefs: '', resolvers: '', rest: 'needs: { scopes: ["records:all"] },' })],
  ['EGRESS_INVALID', pluginWith({ typeDefs: '', resolvers: '', rest: 'needs: { egress: ["10.0.0.1"] },' })],
  [
    'EGRESS_INVALID',
    pluginWith({ typeDefs: '', resolvers: '', rest: 'needs: { egress: ["https://a.example"] },' }),
  ],
  ['NEEDS_INVALID', pluginWith({ typeDefs: '', resolvers: '', rest: 'needs: "all",' })],
  ['NEEDS_INVALID', pluginWith({ typeDefs: '', resolvers: '', rest: 'needs: { root: true },' })],
  ['SETTING_UNKNOWN', pluginWith({ typeDefs: 'type A { a: Int }', resolvers: '', rest: 'rulez: {},' })],
  ['TYPEDEFS_MISSING', 'export default { typeDefs: 1 }'],
  ['LAMBDA_FAILED', 'export const nothing = 1'],
  ['LAMBDA_FAILED', 'throw new Error("at once")'],
  ['LAMBDA_CPU_EXCEEDED', 'for (;;);'],
  ['BUNDLE_FAILED', 'const = 1'],
])('a plugin that cannot be run is refused: %s', async (code, plugin) => {
  expect((await errorsOf({ 'plugin.ts': plugin })).map((error) => error.code)).toEqual([code])
})

test('what throws while the plugin is read is told with its file and line', async () => {
  const files = {
    'plugin.ts': `import { rates } from './lib/rates'\nexport default { typeDefs: '', resolvers: {}, rules: {}, rates }`,
    'lib/rates.ts': `type Rate = { of: string; is: number }\n\nconst read = (): Rate[] => {\n  throw new Error('no rates')\n}\nexport const rates = read()`,
  }
  expect(await errorsOf(files)).toEqual([
    { code: 'LAMBDA_FAILED', message: 'no rates', file: 'lib/rates.ts', line: 4 },
  ])
})

test('rules, handlers and needs are named by the build, each where it stands when it is wrong', async () => {
  const rest = `rules: { 'Mutation.createRecord': (call) => call.args },
    on: { 'data.record.created': () => 0, 'plugin.order.late': () => 0 },
    needs: { scopes: ['records:read', 'notify', 'notify'], egress: ['api.shipping.example'] },`
  const files = { 'plugin.ts': pluginWith({ typeDefs: '', resolvers: '', rest }) }
  const built = await host.build('acme', files)
  expect(built).toMatchObject({
    rules: ['Mutation.createRecord'],
    handlers: ['data.record.created', 'plugin.order.late'],
    needs: { scopes: ['notify', 'records:read'], egress: ['api.shipping.example'] },
  })
  // A word for it elsewhere is not its place.
  const wrong = files['plugin.ts']
    .replace('rules:', '/* API.shipping.example, createRecord */ rules:')
    .replace('plugin.order.late', 'order.late')
    .replace('Mutation.createRecord', 'createRecord')
    .replace('api.shipping', 'API.shipping')
  expect((await errorsOf({ 'plugin.ts': wrong })).map(({ code, line }) => [code, line])).toEqual([
    ['RULE_INVALID', 5],
    ['EVENT_UNKNOWN', 6],
    ['EGRESS_INVALID', 7],
  ])
})

test('a plugin without its entry, and one too large, are refused', async () => {
  expect((await errorsOf({ 'other.ts': '' })).map((error) => error.code)).toEqual(['ENTRY_MISSING'])
  const large = `${answering('return "1"')}\nexport const text = ${JSON.stringify('x'.repeat(1_100_000))}; console.log(text)`
  expect((await errorsOf({ 'plugin.ts': large })).map((error) => error.code)).toEqual(['BUNDLE_TOO_LARGE'])
})

describe('how large a client’s plugin may be', () => {
  const sdl = 'type Query { answer: String }'
  const plugin = pluginWith({ typeDefs: sdl, resolvers: 'Query: { answer: () => "1" }' })
  const codes = async (limits: Partial<BuildLimits>) => {
    await host.gateway.setPlugin('large', { limits })
    const built = await host.build('large', { 'plugin.ts': plugin })
    return built.ok ? [] : built.errors.map(({ code }) => code)
  }

  test('is what operators have set for it, to the character', async () => {
    const bundle = await bundlePlugin([{ path: 'plugin.ts', content: plugin }])
    if (!bundle.ok) throw new Error(JSON.stringify(bundle.errors))
    expect(await codes({ bundleChars: scriptOf(bundle.code).length, sdlChars: sdl.length })).toEqual([])
    expect(await codes({ bundleChars: scriptOf(bundle.code).length - 1 })).toEqual(['BUNDLE_TOO_LARGE'])
    expect(await codes({ sdlChars: sdl.length - 1 })).toEqual(['SDL_TOO_LARGE'])
    expect(await codes({})).toEqual([])
  })

  test('may be more than the platform’s own', async () => {
    const files = (length: number) => ({
      'plugin.ts': `${plugin}\nexport const text = ${JSON.stringify('x'.repeat(length))}; console.log(text)`,
    })
    await host.gateway.setPlugin('large', { limits: { bundleChars: 1_200_000 } })
    expect(await host.build('large', files(1_100_000))).toMatchObject({ ok: true })
    expect(await host.build('large', files(1_200_000))).toMatchObject({
      errors: [{ code: 'BUNDLE_TOO_LARGE' }],
    })
  })
})

test('only a deployer of the client, or an operator, builds its plugin', async () => {
  const files = { 'plugin.ts': answering('return "1"') }
  const refused = { errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN' } })] }
  expect(await host.build('acme', files, { kind: 'DEPLOYER', client: 'globex', keyId: 'k' })).toEqual(refused)
  expect(await host.build('acme', files, memberOf('acme'))).toEqual(refused)
  expect(await host.build('acme', files, { kind: 'OPERATOR', keyId: 'k' })).toMatchObject({ ok: true })
})
