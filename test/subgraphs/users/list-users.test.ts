import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { startUsers, type UsersUnderTest } from './users-under-test.ts'

const acme = viewersOf('acme')
const globex = viewersOf('globex')
const names = ['Ada', 'Bob', 'Cy%d', 'Dee', 'Eve_', 'adam']

type Page = {
  edges: { cursor: string; node: { name: string } }[]
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor: string | null
    endCursor: string | null
  }
  totalCount: number
}

let users: UsersUnderTest
beforeAll(async () => {
  users = await startUsers()
  // One at a time: the order is that of signing up.
  for (const name of names) {
    const input = { email: `${crypto.randomUUID()}@acme.example`, password: 'correct horse', name }
    await users.ask(
      acme.frontend,
      'mutation ($input: SignUpInput!) { signUp(input: $input) { session { accessToken } } }',
      { input },
    )
  }
})
afterAll(() => users.close())

const ask = (variables: object, viewer = acme.server) =>
  users.ask(
    viewer,
    `query ($first: Int, $after: String, $search: String) { users(first: $first, after: $after, search: $search) {
       edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`,
    { ...variables },
  )

async function page(variables: object): Promise<Page> {
  const { data, errors } = await ask(variables)
  if (!data?.users) throw new Error(JSON.stringify(errors))
  return data.users as Page
}

const namesOf = ({ edges }: Page) => edges.map(({ node }) => node.name)

test('page by page, each person once, in the order of signing up', async () => {
  const first = await page({ first: 4 })
  expect(namesOf(first)).toEqual(names.slice(0, 4))
  expect(first).toMatchObject({ totalCount: 6, pageInfo: { hasNextPage: true, hasPreviousPage: false } })
  const second = await page({ first: 4, after: first.pageInfo.endCursor })
  expect(namesOf(second)).toEqual(names.slice(4))
  expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
  const beyond = await page({ after: second.pageInfo.endCursor })
  expect(beyond).toMatchObject({
    edges: [],
    pageInfo: { hasNextPage: false, startCursor: null, endCursor: null },
  })
})

test.each([
  ['ADA', ['Ada', 'adam']],
  ['%', ['Cy%d']],
  ['_', ['Eve_']],
  ['\\', []],
  ["' OR true --", []],
])('a search for %s is for these very letters', async (search, found) => {
  const result = await page({ search })
  expect(namesOf(result)).toEqual(found)
  expect(result.totalCount).toBe(found.length)
})

test.each([0, -1, 101])('%s at once is BAD_USER_INPUT', async (first) => {
  expect(codesOf(await ask({ first }))).toEqual(['BAD_USER_INPUT'])
})

test('a hundred at once is the most', async () => {
  expect((await page({ first: 100 })).edges).toHaveLength(6)
})

describe('a cursor', () => {
  const forgeries: [string, (cursor: string) => string][] = [
    ['made up', () => 'made up'],
    ['empty', () => ''],
    ['longer', (cursor) => `${cursor}A`],
    ['with something after it', (cursor) => `${cursor}!`],
    ['cut short', (cursor) => cursor.slice(0, -4)],
    ['with another position', withAnotherPosition],
  ]
  test.each(forgeries)('%s is CURSOR_INVALID', async (_how, forge) => {
    const { pageInfo } = await page({ first: 1 })
    expect(codesOf(await ask({ after: forge(pageInfo.endCursor ?? '') }))).toEqual(['CURSOR_INVALID'])
  })

  test('of another client, or of another search, is CURSOR_INVALID', async () => {
    const { pageInfo } = await page({ first: 1 })
    expect(codesOf(await ask({ after: pageInfo.endCursor }, globex.server))).toEqual(['CURSOR_INVALID'])
    expect(codesOf(await ask({ after: pageInfo.endCursor, search: 'a' }))).toEqual(['CURSOR_INVALID'])
  })

  function withAnotherPosition(cursor: string): string {
    const bytes = Buffer.from(cursor, 'base64url')
    const position = JSON.stringify(['2000-01-01T00:00:00.000Z', 'a'])
    return Buffer.concat([bytes.subarray(0, 16), Buffer.from(position)]).toString('base64url')
  }
})
