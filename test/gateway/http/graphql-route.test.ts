import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { postQuery } from '../../support/gateway-under-test.ts'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'

describe('GraphQL over HTTP', () => {
  let platform: Platform
  let key: Record<string, string>
  beforeAll(async () => {
    platform = await startPlatform()
    key = { 'x-api-key': platform.keys.sk }
  })
  afterAll(() => platform.close())

  const get = async (params: Record<string, string>, headers: Record<string, string> = key) => {
    const response = await fetch(`${platform.gateway.url}/graphql?${new URLSearchParams(params)}`, {
      headers,
    })
    return { status: response.status, headers: response.headers, ...((await response.json()) as Body) }
  }
  type Body = { data?: unknown; errors?: { message: string; extensions: { code: string } }[] }

  test('queries are answered to GET as to POST', async () => {
    expect(await get({ query: '{ caller }' })).toMatchObject({
      status: 200,
      data: { caller: 'SERVER of acme' },
    })
    const variables = JSON.stringify({ id: 'r7' })
    const query = 'query ($id: ID!) { record(id: $id) { id createdBy { name } } }'
    expect(await get({ query, variables })).toMatchObject({
      data: { record: { id: 'r7', createdBy: { name: 'Name of u1' } } },
    })
  })

  test('mutations are for POST, subscriptions for WebSocket', async () => {
    expect(await get({ query: 'mutation { touch { id } }' })).toMatchObject({ status: 405 })
    expect(await platform.gateway.query('mutation { touch { id } }', key)).toMatchObject({
      status: 200,
      data: { touch: { id: 'r1' } },
    })
    const subscription = await platform.gateway.query('subscription { recordChanged { id } }', key)
    expect(subscription).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
  })

  test('an address that is no address is answered as every other fault', async () => {
    const response = await fetch(`${platform.gateway.url}/graphql/%ff`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] })
  })

  test.each([
    ['no query', {}, 'BAD_REQUEST'],
    ['a syntax error', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['a field that is not there', { query: '{ nope }' }, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable that does not fit',
      { query: 'query ($id: ID!) { record(id: $id) { id } }' },
      'BAD_USER_INPUT',
    ],
    [
      'an operation that is not there',
      { query: 'query A { caller }', operationName: 'B' },
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['a batch', [{ query: '{ caller }' }], 'BAD_REQUEST'],
  ])("%s is the caller's fault", async (_what, body, code) => {
    const { status, errors, data } = await postQuery(platform.gateway.url, body, key)
    expect({ status, code: errors?.[0]?.extensions.code, data }).toEqual({
      status: 400,
      code,
      data: undefined,
    })
  })

  test.each([
    ['not JSON', 'application/json', '{"query":', 400],
    ['of a type that browsers send for any page', 'text/plain', '{"query":"{ caller }"}', 400],
    ['of a type nobody knows', 'application/x-nothing', 'x', 415],
    ['too large', 'application/json', JSON.stringify({ query: '#'.repeat(5_000_000) }), 413],
  ])('a body that is %s is answered in the shape of GraphQL', async (_what, contentType, body, status) => {
    const response = await fetch(`${platform.gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': contentType, ...key },
      body,
    })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] })
  })

  test('a page of another site cannot make the browser ask: without our headers nothing is answered', async () => {
    expect(await get({ query: '{ caller }' }, {})).toMatchObject({ status: 401 })
    const preflight = await fetch(`${platform.gateway.url}/graphql`, { method: 'OPTIONS', headers: key })
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('what broke inside a module stays inside', async () => {
    const { status, data, errors } = await platform.gateway.query('{ caller fails }', key)
    expect({ status, data }).toEqual({ status: 200, data: { caller: 'SERVER of acme', fails: null } })
    expect(errors).toMatchObject([{ path: ['fails'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
    expect(JSON.stringify(errors)).not.toContain('hunter2')
  })

  test('the schema can be introspected by who has a key', async () => {
    const { data } = await platform.gateway.query('{ __type(name: "User") { fields { name } } }', key)
    expect(data).toEqual({ __type: { fields: [{ name: 'id' }, { name: 'name' }] } })
  })

  test('automatic persisted queries', async () => {
    const query = '{ caller }'
    const persistedQuery = { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') }
    const extensions = { persistedQuery }
    expect(await postQuery(platform.gateway.url, { extensions }, key)).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    })
    expect(await postQuery(platform.gateway.url, { query, extensions }, key)).toMatchObject({ status: 200 })
    expect(await get({ extensions: JSON.stringify(extensions) })).toMatchObject({
      data: { caller: 'SERVER of acme' },
    })
  })

  test('only a well-formed trace context is passed on', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect((await platform.gateway.query('{ caller }', { ...key, traceparent })).status).toBe(200)
    expect((await platform.gateway.query('{ caller }', { ...key, traceparent: 'x' })).status).toBe(200)
  })

  test.each(['/health/live', '/health/ready', '/.well-known/jwks.json'])(
    '%s needs no credential',
    async (path) => {
      expect((await fetch(platform.gateway.url + path)).status).toBe(200)
    },
  )

  test('the published keys have no private half', async () => {
    const response = await fetch(`${platform.gateway.url}/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: object[] }
    expect(keys.length).toBeGreaterThan(0)
    for (const jwk of keys) expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })

  test.each(['/nope', '/assets/../http-server.ts', '/assets/%2e%2e/%2e%2e/http-server.ts'])(
    'there is nothing at %s',
    async (path) => {
      const { port } = new URL(platform.gateway.url)
      const status = await new Promise<number | undefined>((resolve, reject) => {
        request({ port, path, host: '127.0.0.1' }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end()
      })
      expect(status).toBe(404)
    },
  )
})
