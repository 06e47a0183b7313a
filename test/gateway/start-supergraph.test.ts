import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../foundation/config.ts'
import { startSupergraph } from '../../gateway/start-supergraph.ts'
import { postQuery } from '../support/gateway-under-test.ts'
import { composeSupergraph } from '../support/supergraph-under-test.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

describe('starting the gateway for one supergraph', () => {
  let folder: TemporaryFolder
  let path: string
  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    path = join(folder.path, 'supergraph.graphql')
    const sources = { products: { sdl: 'type Query { name: String }' } }
    await writeFile(
      path,
      composeSupergraph(sources, () => 'http://127.0.0.1:9/graphql'),
    )
  })
  afterAll(() => folder[Symbol.asyncDispose]())

  test.each([
    ['a header that cannot be passed on', { TRELLIS_FORWARD_HEADERS: 'x-tenant, Host' }, 'FORWARD_HEADERS'],
    ['a header name that is none', { TRELLIS_FORWARD_HEADERS: 'x tenant' }, 'FORWARD_HEADERS'],
    ['headers without values', { TRELLIS_SUPERGRAPH_HEADERS: 'x-cdn-key' }, 'SUPERGRAPH_HEADERS'],
    ['keys that are no URL', { TRELLIS_JWKS_URL: 'keys.json' }, 'JWKS_URL'],
    ['an issuer and no keys: it would let everybody in', { TRELLIS_JWT_ISSUER: 'them' }, 'TRELLIS_JWKS_URL'],
    [
      'a setting of the platform',
      { TRELLIS_MODULE_CREDENTIALS: 'users=0123456789abcdef' },
      'no such setting',
    ],
  ])('is refused with %s', async (_what, env, named) => {
    const failure = await startSupergraph(path, { PORT: '0', LOG_LEVEL: 'silent', ...env }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(ConfigError)
    expect(String(failure)).toContain(named)
  })

  const run = (...options: string[]) => {
    const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url))
    const { PATH = '' } = process.env
    return spawn(process.execPath, [main, ...options], {
      env: { PATH, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
  }

  test('it is one command, and ends with SIGTERM', async () => {
    const child = run('--supergraph', path)
    const [{ listening }] = (await once(child, 'message')) as [{ listening: string }]
    expect(await postQuery(listening, { query: '{ __typename }' }, {})).toEqual({
      status: 200,
      data: { __typename: 'Query' },
    })
    // Nobody listens there: the module is named, its address is not.
    const { data, errors } = await postQuery(listening, { query: '{ name }' }, {})
    expect(data).toEqual({ name: null })
    expect(errors).toMatchObject([{ path: ['name'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }])
    expect(JSON.stringify(errors)).not.toContain('127.0.0.1')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test.each([
    [
      'an option that does not exist',
      ['--super', 'x'],
      'Usage: node gateway/main.ts [--supergraph FILE|URL]',
    ],
    ['a file that is not there', ['--supergraph', '/nowhere.graphql'], '/nowhere.graphql cannot be read'],
  ])('%s is said in words', async (_what, options, words) => {
    const child = run(...options)
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    const [code] = await once(child, 'close')
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(words) })
    expect(said).not.toContain('    at ')
  })
})
