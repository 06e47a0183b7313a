import type { ApolloServerPlugin } from '@apollo/server'
import { serverAudits } from 'graphql-http'
import { startSupergraphUnderTest } from '../../support/supergraph-under-test.ts'
import { startPlatform } from '../../support/two-subgraphs.ts'

/** Any plugin sends operations through Apollo Server; this one sees that it does. */
function seeing(): { plugin: ApolloServerPlugin; seen(): number } {
  let operations = 0
  return {
    plugin: {
      async requestDidStart() {
        operations += 1
      },
    },
    seen: () => operations,
  }
}

const products = {
  products: {
    sdl: 'type Query { name: String }',
    resolvers: { Query: { name: () => 'Chair' } },
  },
}

type Door = { url: string; headers: Record<string, string>; close(): Promise<void> }

async function openPlatform(plugins: ApolloServerPlugin[]): Promise<Door> {
  const { gateway, keys, close } = await startPlatform({ apolloPlugins: plugins })
  return { url: gateway.url, headers: { 'x-api-key': keys.sk }, close }
}

async function openSupergraph(plugins: ApolloServerPlugin[]): Promise<Door> {
  const gateway = await startSupergraphUnderTest(products, { apolloPlugins: plugins })
  return { url: gateway.url, headers: {}, close: gateway.close }
}

describe.each([
  ['the platform', openPlatform, false],
  ['the platform, through Apollo Server', openPlatform, true],
  ['a gateway for one supergraph', openSupergraph, false],
  ['a gateway for one supergraph, through Apollo Server', openSupergraph, true],
])('GraphQL over HTTP, as graphql-http audits it: %s', (_who, open, isThroughApollo) => {
  let door: Door
  const { plugin, seen } = seeing()
  beforeAll(async () => {
    door = await open(isThroughApollo ? [plugin] : [])
  })
  afterAll(() => door.close())

  const audits = serverAudits({
    url: () => `${door.url}/graphql`,
    fetchFn: (input: string, init: RequestInit = {}) =>
      fetch(input, { ...init, headers: { ...init.headers, ...door.headers } }),
  })

  test('there are 61 of them', () => expect(audits).toHaveLength(61))

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s: %s',
    async (_id, _name, audit) => {
      const result = await audit.fn()
      expect({ status: result.status, reason: 'reason' in result ? result.reason : null }).toEqual({
        status: 'ok',
        reason: null,
      })
    },
  )

  test('takes the way it is meant to take', () => expect(seen() > 0).toBe(isThroughApollo))
})
