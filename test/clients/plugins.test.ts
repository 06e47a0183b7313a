import { readFile } from 'node:fs/promises'
import { type Ask, type LambdaHostUnderTest, startLambdaHost } from '../lambdas/lambda-host-under-test.ts'

type Order = { node: { data: { total?: number }; createdBy: { id: string } | null } }
const order = (userId: string | null, total?: number): Order => ({
  node: {
    data: { ...(total !== undefined && { total }) },
    createdBy: userId === null ? null : { id: userId },
  },
})

let host: LambdaHostUnderTest
let pages: Order[][] = []
const filters: unknown[] = []

beforeAll(async () => {
  host = await startLambdaHost(({ variables = {} }) => {
    const { after, filter } = variables as { after?: string | null; filter?: unknown }
    filters.push(filter)
    const page = Number(after ?? 0)
    const pageInfo = { hasNextPage: page + 1 < pages.length, endCursor: String(page + 1) }
    return { data: { records: { edges: pages[page] ?? [], pageInfo } } }
  })
})
afterAll(() => host?.close())

const deploy = async (client: string) =>
  host.deploy(client, await readFile(new URL(`../../clients/${client}/plugin.ts`, import.meta.url), 'utf8'))

describe('acme: loyalty', () => {
  let ask: Ask
  beforeAll(async () => {
    ask = await deploy('acme')
  })
  const tiers = (...ids: string[]) =>
    ask('query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { loyaltyTier } } }', {
      r: ids.map((id) => ({ __typename: 'User', id })),
    })

  test('what somebody has ordered, over all pages, decides the tier; one walk for all who are asked about', async () => {
    pages = [
      [order('a', 999), order('b', 600), order('c', 9_000)],
      [order('b', 400), order('c', 1_000), order(null, 50_000), order('d')],
    ]
    filters.length = 0
    expect(await tiers('a', 'b', 'c', 'd', 'e')).toEqual({
      data: {
        _entities: ['BRONZE', 'SILVER', 'GOLD', 'BRONZE', 'BRONZE'].map((loyaltyTier) => ({ loyaltyTier })),
      },
    })
    const filter = { createdBy: { in: ['a', 'b', 'c', 'd', 'e'] } }
    expect(filters).toEqual([filter, filter])
  })

  test('the best customers come first', async () => {
    pages = [[order('a', 5), order('b', 20), order('c', 10)]]
    const best = await ask('{ bestCustomers(first: 2) { id } }')
    expect(best).toEqual({ data: { bestCustomers: [{ id: 'b' }, { id: 'c' }] } })
  })
})

test('globex: the time an article takes to read; none where there is no text', async () => {
  const ask = await deploy('globex')
  const record = (id: string, data: object) => ({ __typename: 'Record', id, data })
  const answer = await ask(
    'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Record { readingMinutes } } }',
    {
      r: [
        record('1', { body: 'word '.repeat(221) }),
        record('2', { body: '' }),
        record('3', { title: 'No text' }),
      ],
    },
  )
  expect(answer).toEqual({
    data: { _entities: [{ readingMinutes: 2 }, { readingMinutes: 0 }, { readingMinutes: null }] },
  })
})
