import { randomBytes } from 'node:crypto'
import type { Env, RunningService } from '../../../foundation/service.ts'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import { createFieldCipher } from '../../../subgraphs/users/field-cipher.ts'
import { start } from '../../../subgraphs/users/main.ts'
import { eventually } from '../../support/eventually.ts'
import { queryDatabase } from '../../support/inspect-database.ts'
import { type Answer, codesOf, viewersOf } from '../../support/module-under-test.ts'
import { startUsers, type UsersUnderTest } from './users-under-test.ts'

const [next, password] = [randomBytes(32).toString('base64'), 'correct horse']
let users: UsersUnderTest
const copies: RunningService[] = []
beforeAll(async () => {
  users = await startUsers()
})
afterAll(async () => {
  for (const copy of copies) await copy.close()
  await users?.close()
})

/** Another copy of the module, with these keys. */
async function startCopy(keys: Env) {
  const copy = await start({ ...users.env, ...keys })
  copies.push(copy)
  const ask = async (viewer: ClientViewer, query: string, variables: object): Promise<Answer> => {
    const authorization = `Bearer ${await users.gateway.token(viewer, 'users')}`
    const response = await fetch(`${copy.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as Answer
  }
  const { frontend } = viewersOf('acme')
  return {
    signUp: (email: string) =>
      ask(frontend, 'mutation ($i: SignUpInput!) { signUp(input: $i) { session { accessToken } } }', {
        i: { email, password, name: 'Somebody' },
      }),
    signIn: (email: string) =>
      ask(
        frontend,
        'mutation ($i: SignInInput!) { signIn(input: $i) { session { user { email phone } } } }',
        {
          i: { email, password },
        },
      ),
  }
}

const rows = () =>
  queryDatabase<{ id: string; email_cipher: Buffer; phone_cipher: Buffer | null }>(
    users.databaseUrl,
    'SELECT id, email_cipher, phone_cipher FROM "user"',
  )

test('while the key is changed everybody is found and nobody twice; after it the old key opens nothing', async () => {
  const old = users.env.TRELLIS_FIELD_KEY ?? ''
  const [before, after] = [old, next].map((key) => createFieldCipher([Buffer.from(key, 'base64')]))
  const { user } = await users.join('acme', 'Ada@Acme.example')
  const phone = before?.encrypt({ client: 'acme', userId: user.id, field: 'phone' }, '+49 30 1')
  await queryDatabase(
    users.databaseUrl,
    `UPDATE "user" SET phone_cipher = '\\x${Buffer.from(phone ?? []).toString('hex')}'`,
  )

  const first = await startCopy({ TRELLIS_FIELD_KEY: old, TRELLIS_FIELD_KEY_PREVIOUS: next })
  const second = await startCopy({ TRELLIS_FIELD_KEY: next, TRELLIS_FIELD_KEY_PREVIOUS: old })
  const ada = { signIn: { session: { user: { email: 'Ada@Acme.example', phone: '+49 30 1' } } } }
  for (const copy of [first, second]) {
    expect((await copy.signIn('ada@ACME.example')).data).toEqual(ada)
    expect((await copy.signUp('ada@acme.example')).errors).toBeUndefined()
  }
  const addresses = ['b', 'c', 'd', 'e', 'f'].map((letter) => `${letter}@acme.example`)
  await Promise.all(addresses.flatMap((email) => [first.signUp(email), second.signUp(email)]))
  expect(await rows()).toHaveLength(1 + addresses.length)
  for (const email of addresses)
    for (const copy of [first, second]) expect((await copy.signIn(email)).errors).toBeUndefined()

  // The last copy that had the old key first is restarted.
  await startCopy({ TRELLIS_FIELD_KEY: next, TRELLIS_FIELD_KEY_PREVIOUS: old })
  await eventually('all is sealed with the new key', async () =>
    (await rows()).every(({ id, email_cipher: email, phone_cipher: phone }) => {
      const isOutdated = (field: 'email' | 'phone', sealed: Buffer) =>
        after?.isOutdated({ client: 'acme', userId: id, field }, sealed)
      return !isOutdated('email', email) && !(phone && isOutdated('phone', phone))
    }),
  )
  const last = await startCopy({ TRELLIS_FIELD_KEY: next })
  expect((await last.signIn('ada@acme.example')).data).toEqual(ada)
  for (const email of addresses) {
    expect((await last.signIn(email)).errors).toBeUndefined()
    await last.signUp(email)
  }
  expect(await rows()).toHaveLength(1 + addresses.length)
  const withOld = await startCopy({ TRELLIS_FIELD_KEY: old })
  expect(codesOf(await withOld.signIn('ada@acme.example'))).toEqual(['INVALID_CREDENTIALS'])
}, 60_000)
