import type { ClientViewer } from '../../../foundation/viewer.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type SessionAnswer, startUsers, type UsersUnderTest } from './users-under-test.ts'

const acme = viewersOf('acme')
const globex = viewersOf('globex')

let users: UsersUnderTest
let ada: SessionAnswer
let bob: SessionAnswer

beforeAll(async () => {
  users = await startUsers()
  ada = await users.join('acme', 'ada@acme.example')
  bob = await users.join('acme', 'bob@acme.example')
  await users.join('globex', 'gil@globex.example')
})
afterAll(() => users.close())

/** The columns of "Who is calling, and what that allows", as far as they are about users. */
const kinds = ['frontend', 'member', 'editor', 'admin', 'server', 'partner', 'deployer'] as const
type Kind = (typeof kinds)[number]

const operations = {
  me: '{ me { id } }',
  user: 'query { user(id: "nobody") { id } }',
  users: '{ users { totalCount } }',
  signUp:
    'mutation { signUp(input: { email: "cell@acme.example", password: "correct horse", name: "C" }) { session { accessToken } } }',
  signIn:
    'mutation { signIn(input: { email: "ada@acme.example", password: "correct horse" }) { session { accessToken } } }',
  refreshSession: 'mutation { refreshSession(refreshToken: "none") { accessToken } }',
  signOut: 'mutation { signOut(refreshToken: "none") }',
  setRoles: 'mutation { setRoles(userId: "nobody", roles: [MEMBER]) { id } }',
  _entities:
    'query { _entities(representations: [{ __typename: "User", id: "nobody" }]) { ... on User { id } } }',
}

const may: Record<keyof typeof operations, readonly Kind[]> = {
  me: ['member', 'editor', 'admin'],
  user: ['member', 'editor', 'admin', 'server', 'partner'],
  users: ['admin', 'server'],
  signUp: ['frontend', 'admin', 'server'],
  signIn: ['frontend', 'member', 'editor', 'admin', 'server'],
  refreshSession: ['frontend', 'member', 'editor', 'admin', 'server'],
  signOut: ['member', 'editor', 'admin', 'server'],
  setRoles: ['admin', 'server'],
  _entities: ['member', 'editor', 'admin', 'server', 'partner'],
}

const cells = Object.keys(operations).flatMap((name) =>
  kinds.map((kind) => [kind, name as keyof typeof operations] as const),
)

test.each(cells)('%s: %s', async (kind, name) => {
  const codes = codesOf(await users.ask(acme[kind], operations[name]))
  if (may[name].includes(kind)) expect(codes).not.toContain('FORBIDDEN')
  else expect(codes).toEqual(['FORBIDDEN'])
})

describe('what is shown of a person', () => {
  const show = async (viewer: ClientViewer, id = ada.user.id) => {
    const { data } = await users.ask(
      viewer,
      'query ($id: ID!) { user(id: $id) { name email phone roles } }',
      { id },
    )
    return data?.user
  }

  test('the name to everybody in the client, address and roles to the person and to administrators', async () => {
    const all = { name: 'ada', email: 'ada@acme.example', phone: null, roles: ['MEMBER'] }
    const little = { name: 'ada', email: null, phone: null, roles: null }
    expect(await show(acme.user(ada.user.id, 'MEMBER'))).toEqual(all)
    expect(await show(acme.admin)).toEqual(all)
    expect(await show(acme.server)).toEqual(all)
    expect(await show(acme.user(bob.user.id, 'MEMBER'))).toEqual(little)
    expect(await show(acme.editor)).toEqual(little)
    expect(await show(acme.partner)).toEqual(little)
  })

  test('nothing at another client, not even that there is somebody', async () => {
    for (const viewer of [globex.admin, globex.server, globex.user(ada.user.id, 'MEMBER')]) {
      expect(await show(viewer)).toBeNull()
      expect(await show(viewer, 'no such id')).toBeNull()
    }
  })

  test('an id that cannot be is not found', async () => {
    for (const id of ['', 'a\0b', '\ud800', 'x'.repeat(10_000)]) expect(await show(acme.admin, id)).toBeNull()
  })
})

describe('another client', () => {
  const setRoles = (viewer: ClientViewer, userId: string) =>
    users.ask(viewer, 'mutation ($id: ID!) { setRoles(userId: $id, roles: [ADMIN]) { id } }', { id: userId })

  test('changing its users is as changing nobody', async () => {
    const foreign = await setRoles(globex.admin, ada.user.id)
    expect(codesOf(foreign)).toEqual(['NOT_FOUND'])
    expect(await setRoles(globex.admin, 'nobody')).toEqual(foreign)
    const { data } = await users.ask(acme.server, 'query ($id: ID!) { user(id: $id) { roles } }', {
      id: ada.user.id,
    })
    expect(data).toEqual({ user: { roles: ['MEMBER'] } })
  })

  test('its users are not in the list, nor counted', async () => {
    const { data } = await users.ask(globex.server, '{ users { totalCount edges { node { name } } } }')
    expect(data?.users).toEqual({ totalCount: 1, edges: [{ node: { name: 'gil' } }] })
  })
})

test('a user has at least one role', async () => {
  const none = await users.ask(acme.server, 'mutation { setRoles(userId: "x", roles: []) { id } }')
  expect(codesOf(none)).toEqual(['BAD_USER_INPUT'])
})

test('me is who the token says', async () => {
  const { data } = await users.ask(acme.user(bob.user.id, 'MEMBER'), '{ me { id name } }')
  expect(data).toEqual({ me: { id: bob.user.id, name: 'bob' } })
})
