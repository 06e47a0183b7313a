import { queryDatabase, readEventLog } from '../../support/inspect-database.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type SessionAnswer, startUsers, type UsersUnderTest } from './users-under-test.ts'

const { frontend, server, user: asUser } = viewersOf('acme')
const globex = viewersOf('globex')
const seconds = 1000
const days = 24 * 60 * 60 * seconds

let users: UsersUnderTest
let session: SessionAnswer
let serial = 0

beforeAll(async () => {
  users = await startUsers()
})
afterAll(() => users.close())
beforeEach(async () => {
  serial += 1
  session = await users.join('acme', `person${serial}@acme.example`)
})

async function refreshed(token: string): Promise<SessionAnswer> {
  const { data, errors } = await users.refresh(frontend, token)
  if (!data?.refreshSession) throw new Error(JSON.stringify(errors))
  return data.refreshSession as SessionAnswer
}

const refusal = async (token: string, viewer = frontend) => codesOf(await users.refresh(viewer, token))

test('rotates: another token, which is good for the next exchange', async () => {
  const second = await refreshed(session.refreshToken)
  const third = await refreshed(second.refreshToken)
  expect(new Set([session, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3)
  expect(third.user).toEqual(session.user)
})

test('answers the very same within ten seconds', async () => {
  const first = await refreshed(session.refreshToken)
  users.clock.offsetMs += 9 * seconds
  expect(await refreshed(session.refreshToken)).toEqual(first)
  expect((await refreshed(first.refreshToken)).user.id).toBe(session.user.id)
})

test('of many at once with one token all get the same answer, and one exchange happens', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => refreshed(session.refreshToken)))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  const tokens = await queryDatabase(
    users.databaseUrl,
    `SELECT 1 FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE s.user_id = '${session.user.id}'`,
  )
  expect(tokens).toHaveLength(2)
})

test('a spent token that comes back after ten seconds ends the whole family', async () => {
  const second = await refreshed(session.refreshToken)
  users.clock.offsetMs += 11 * seconds
  expect(await refusal(session.refreshToken)).toEqual(['REFRESH_TOKEN_INVALID'])
  expect(await refusal(second.refreshToken)).toEqual(['REFRESH_TOKEN_INVALID'])
  const events = await readEventLog(users.databaseUrl)
  expect(events.filter(({ subject }) => subject === session.user.id).at(-1)).toMatchObject({
    type: 'users.session.reuse_detected',
    actor: null,
  })
})

test('the family that ends is one session; the others of the person go on', async () => {
  const elsewhere = await users.join('acme', `person${serial}@acme.example`)
  await refreshed(session.refreshToken)
  users.clock.offsetMs += 11 * seconds
  await refusal(session.refreshToken)
  expect((await refreshed(elsewhere.refreshToken)).user.id).toBe(session.user.id)
})

test('the sealed answer of an exchange is gone after the next one', async () => {
  const second = await refreshed(session.refreshToken)
  users.clock.offsetMs += 11 * seconds
  await refreshed(second.refreshToken)
  const kept = await queryDatabase(
    users.databaseUrl,
    `SELECT 1 FROM refresh_token t JOIN session s ON s.id = t.session_id
     WHERE s.user_id = '${session.user.id}' AND answer IS NOT NULL`,
  )
  expect(kept).toHaveLength(1)
})

test("another client's key can neither use a token nor end its family", async () => {
  expect(await refusal(session.refreshToken, globex.frontend)).toEqual(['REFRESH_TOKEN_INVALID'])
  await refreshed(session.refreshToken)
  users.clock.offsetMs += 11 * seconds
  expect(await refusal(session.refreshToken, globex.frontend)).toEqual(['REFRESH_TOKEN_INVALID'])
  const ended = await queryDatabase(
    users.databaseUrl,
    `SELECT 1 FROM session WHERE user_id = '${session.user.id}' AND ended_at IS NOT NULL`,
  )
  expect(ended).toEqual([])
})

test.each(['', 'no token of ours', 'x'.repeat(10_000), 'NUL \0'])(
  'a made-up token is of no use (%#)',
  async (token) => {
    expect(await refusal(token)).toEqual(['REFRESH_TOKEN_INVALID'])
  },
)

test('a token lives 30 days', async () => {
  const second = await refreshed(session.refreshToken)
  users.clock.offsetMs += 31 * days
  expect(await refusal(second.refreshToken)).toEqual(['REFRESH_TOKEN_INVALID'])
})

test('signs with the roles of now', async () => {
  await users.ask(
    server,
    'mutation ($id: ID!) { setRoles(userId: $id, roles: [ADMIN, MEMBER, ADMIN]) { roles } }',
    {
      id: session.user.id,
    },
  )
  expect((await refreshed(session.refreshToken)).user).toMatchObject({ roles: ['MEMBER', 'ADMIN'] })
})

describe('signOut', () => {
  const signOut = (viewer: Parameters<UsersUnderTest['ask']>[0], refreshToken: string) =>
    users.ask(viewer, 'mutation ($t: String!) { signOut(refreshToken: $t) }', { t: refreshToken })

  test('ends the session, once, also in the ten seconds of an exchange', async () => {
    const viewer = asUser(session.user.id, 'MEMBER')
    const second = await refreshed(session.refreshToken)
    expect((await signOut(viewer, second.refreshToken)).data).toEqual({ signOut: true })
    expect((await signOut(viewer, second.refreshToken)).data).toEqual({ signOut: false })
    for (const token of [session.refreshToken, second.refreshToken]) {
      expect(await refusal(token)).toEqual(['REFRESH_TOKEN_INVALID'])
    }
  })

  test("somebody else's session is none of yours", async () => {
    for (const viewer of [asUser('somebody else', 'ADMIN'), globex.server]) {
      expect((await signOut(viewer, session.refreshToken)).data).toEqual({ signOut: false })
    }
    await refreshed(session.refreshToken)
  })
})
