import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { dumpDatabase, readEventLog } from '../../support/inspect-database.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { startUsers, type UsersUnderTest } from './users-under-test.ts'

const acme = viewersOf('acme')
const globex = viewersOf('globex')
const signUp =
  'mutation ($input: SignUpInput!) { signUp(input: $input) { session { accessToken user { id } } } }'
const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { session { user { id } } } }'

let users: UsersUnderTest
beforeAll(async () => {
  users = await startUsers()
})
afterAll(() => users.close())

describe('signUp', () => {
  const ada = { email: 'Ada@acme.example', password: 'correct horse', name: 'Ada' }

  test('answers a known address as a fresh one, and leaves the account as it was', async () => {
    const fresh = await users.ask(acme.frontend, signUp, { input: ada })
    const taken = await users.ask(acme.frontend, signUp, {
      input: { email: ' ada@ACME.example ', password: 'another password', name: 'Mallory' },
    })
    expect(fresh).toEqual({ data: { signUp: { session: null } } })
    expect(taken).toEqual(fresh)
    const withTheNew = await users.ask(acme.frontend, signIn, {
      input: { ...credentials(ada), password: 'another password' },
    })
    expect(codesOf(withTheNew)).toEqual(['INVALID_CREDENTIALS'])
    const list = await users.ask(acme.server, '{ users(search: "a") { edges { node { name email } } } }')
    expect(list.data?.users).toEqual({ edges: [{ node: { name: 'Ada', email: 'Ada@acme.example' } }] })
  })

  test('the same address at another client is another account', async () => {
    const acmes = await users.join('acme', 'bo@shared.example', 'password of acme')
    const globexs = await users.join('globex', 'bo@shared.example', 'password of globex')
    expect(globexs.user.id).not.toBe(acmes.user.id)
    const crossed = await users.ask(globex.frontend, signIn, {
      input: { email: 'bo@shared.example', password: 'password of acme' },
    })
    expect(codesOf(crossed)).toEqual(['INVALID_CREDENTIALS'])
  })

  test('two at once make one account', async () => {
    const input = { email: 'twice@acme.example', password: 'correct horse', name: 'Twice' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => users.ask(acme.frontend, signUp, { input })))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    const found = await users.ask(acme.server, '{ users(search: "Twice") { totalCount } }')
    expect(found.data).toEqual({ users: { totalCount: 1 } })
  })

  test('an idempotency key belongs to one input of one caller', async () => {
    const input = {
      email: 'idem@acme.example',
      password: 'correct horse',
      name: 'Idem',
      idempotencyKey: 'k1',
    }
    const first = await users.ask(acme.frontend, signUp, { input })
    expect(await users.ask(acme.frontend, signUp, { input })).toEqual(first)
    for (const change of [{ password: 'incorrect horse' }, { email: 'x@acme.example' }, { name: 'Y' }]) {
      const other = await users.ask(acme.frontend, signUp, { input: { ...input, ...change } })
      expect(codesOf(other)).toEqual(['IDEMPOTENCY_CONFLICT'])
    }
    const elsewhere = await users.ask(globex.frontend, signUp, { input: { ...input, name: 'Somebody else' } })
    expect(elsewhere).toEqual(first)
  })

  test.each([
    ['no address', { email: 'nowhere' }],
    ['a short password', { password: 'short' }],
    ['an endless password', { password: 'x'.repeat(257) }],
    ['an empty name', { name: '  ' }],
    ['a name with a NUL', { name: 'A\0B' }],
    ['an address with a NUL', { email: 'a\0b@acme.example' }],
    ['an empty idempotency key', { idempotencyKey: '' }],
    ['an idempotency key with a NUL', { idempotencyKey: 'a\0b' }],
  ])('%s is BAD_USER_INPUT', async (_what, fault) => {
    expect(codesOf(await users.ask(acme.frontend, signUp, { input: { ...ada, ...fault } }))).toEqual([
      'BAD_USER_INPUT',
    ])
  })
})

describe('signIn', () => {
  test('answers an unknown address as a wrong password, word for word', async () => {
    await users.join('acme', 'known@acme.example')
    const wrong = await users.ask(acme.frontend, signIn, {
      input: { email: 'known@acme.example', password: 'nope nope' },
    })
    const unknown = await users.ask(acme.frontend, signIn, {
      input: { email: 'nobody@acme.example', password: 'nope nope' },
    })
    expect(codesOf(wrong)).toEqual(['INVALID_CREDENTIALS'])
    expect(unknown).toEqual(wrong)
  })

  test('wants address and password', async () => {
    for (const input of [{}, { email: 'known@acme.example' }, { password: 'nope nope' }])
      expect(codesOf(await users.ask(acme.frontend, signIn, { input }))).toEqual(['BAD_USER_INPUT'])
  })

  test('gives a token of 15 minutes that the registered keys verify and that says who it is', async () => {
    const { accessToken, accessTokenExpiresAt, user } = await users.join('acme', 'claims@acme.example')
    const jwk = users.gateway.registrations[0]?.body?.tokenKeys?.[0]
    if (!jwk) throw new Error('The module registered no key.')
    const { payload } = await jwtVerify(accessToken, await importJWK(jwk, 'EdDSA'), {
      issuer: 'trellis-users',
      audience: 'trellis',
      algorithms: ['EdDSA'],
    })
    expect(payload).toMatchObject({
      sub: user.id,
      client: 'acme',
      roles: ['MEMBER'],
      sid: expect.any(String),
    })
    expect(payload.exp).toBe(Date.parse(accessTokenExpiresAt) / 1000)
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeGreaterThan(14 * 60)
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(15 * 60)
  })

  test('shows the person their own address, though the key belongs to nobody', async () => {
    const { user } = await users.join('acme', 'me@acme.example')
    expect(user).toMatchObject({ email: 'me@acme.example', roles: ['MEMBER'] })
  })
})

test('neither address, password nor refresh token is in the database, and no event says more than ids', async () => {
  const session = await users.join('acme', 'hidden.person@acme.example', 'a password to find')
  await users.refresh(acme.frontend, session.refreshToken)
  const dump = (await dumpDatabase(users.databaseUrl)).toLowerCase()
  const secrets = [
    'hidden.person@acme.example',
    'a password to find',
    session.refreshToken,
    session.accessToken,
  ]
  for (const secret of secrets.map((text) => text.toLowerCase())) {
    expect(dump).not.toContain(secret)
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'))
  }
  expect(dump).toContain(session.user.id)

  const { sid } = decodeJwt(session.accessToken)
  const own = (await readEventLog(users.databaseUrl)).filter(({ subject }) => subject === session.user.id)
  expect(own).toEqual([
    event('users.user.signed_up', 'key:publishable', { userId: session.user.id }),
    event('users.user.signed_in', `user:${session.user.id}`, { userId: session.user.id, sessionId: sid }),
  ])
  function event(type: string, actor: string, data: object) {
    return { type, subject: session.user.id, client: 'acme', actor, data }
  }
})

function credentials({ email, password }: { email: string; password: string }) {
  return { email, password }
}
