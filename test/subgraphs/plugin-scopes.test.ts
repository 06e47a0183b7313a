import { randomBytes } from 'node:crypto'
import type { ClientViewer } from '../../foundation/viewer.ts'
import { start as startAnalytics } from '../../subgraphs/analytics/main.ts'
import { start as startData } from '../../subgraphs/data/main.ts'
import { start as startNotifications } from '../../subgraphs/notifications/main.ts'
import { start as startUsers } from '../../subgraphs/users/main.ts'
import {
  codesOf,
  type ModuleUnderTest,
  startModuleUnderTest,
  viewersOf,
} from '../support/module-under-test.ts'

const scopes = ['records:read', 'records:write', 'users:read', 'notify', 'analytics:read', 'analytics:write']
const plugin = (scopes: readonly string[], client = 'acme'): ClientViewer => ({
  kind: 'PLUGIN',
  client,
  release: 1,
  scopes,
})
const { server } = viewersOf('acme')
const modules = new Map<string, ModuleUnderTest>()
let record = ''

beforeAll(async () => {
  const key = { TRELLIS_FIELD_KEY: randomBytes(32).toString('base64') }
  const started = await Promise.all([
    startModuleUnderTest('data', startData),
    startModuleUnderTest('users', startUsers, key),
    startModuleUnderTest('analytics', startAnalytics),
    startModuleUnderTest('notifications', startNotifications),
  ])
  for (const [index, name] of ['data', 'users', 'analytics', 'notifications'].entries()) {
    const module = started[index]
    if (module) modules.set(name, module)
  }
  await ask(
    'data',
    server,
    'mutation { defineCollection(name: "c", schema: { type: "object" }, access: OWN) { name } }',
  )
  const created = await ask(
    'data',
    server,
    'mutation { createRecord(collection: "c", data: { n: 1 }) { id } }',
  )
  record = JSON.stringify(created.data?.createRecord).slice(7, -2)
})
afterAll(() => Promise.all([...modules.values()].map((module) => module.close())))

function ask(name: string, viewer: ClientViewer, query: string) {
  const module = modules.get(name)
  if (!module) throw new Error(`There is no module ${name}.`)
  return module.ask(viewer, query.replaceAll('RECORD', record))
}

const entities = (type: string, fields: string, key = 'id: "u1"') =>
  `query { _entities(representations: [{ __typename: "${type}", ${key} }]) { ... on ${type} { ${fields} } } }`

/** With which scope alone it is allowed; null: with none. */
test.each<[scope: string | null, module: string, operation: string]>([
  ['records:read', 'data', '{ records(collection: "c") { totalCount } }'],
  ['records:read', 'data', '{ record(id: "RECORD") { data } }'],
  ['records:read', 'data', '{ collections { totalCount } }'],
  ['records:read', 'data', entities('Record', 'data', 'id: "RECORD"')],
  ['records:write', 'data', 'mutation { createRecord(collection: "c", data: {}) { id version } }'],
  [
    'records:write',
    'data',
    'mutation { updateRecord(id: "RECORD", expectedVersion: 1, patch: {}) { version } }',
  ],
  [null, 'data', 'mutation { defineCollection(name: "d", schema: { type: "object" }) { name } }'],
  ['users:read', 'users', '{ user(id: "u1") { name } }'],
  ['users:read', 'users', '{ users { totalCount } }'],
  ['users:read', 'users', entities('User', 'name')],
  [null, 'users', '{ me { id } }'],
  [null, 'users', 'mutation { setRoles(userId: "u1", roles: [ADMIN]) { id } }'],
  [
    null,
    'users',
    'mutation { signIn(input: { email: "a@b.example", password: "long enough 1" }) { __typename } }',
  ],
  [
    null,
    'users',
    'mutation { signUp(input: { email: "a@b.example", password: "long enough 1", name: "A" }) { __typename } }',
  ],
  [
    'notify',
    'notifications',
    'mutation { notify(input: { userId: "u1", topic: "t", title: "T", body: "B" }) { id } }',
  ],
  [null, 'notifications', '{ notifications { totalCount } }'],
  [
    'analytics:read',
    'analytics',
    '{ series(metric: "m", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", interval: DAY) { points { value } } }',
  ],
  [
    'analytics:write',
    'analytics',
    'mutation { track(events: [{ id: "1", metric: "m", userId: "u1" }]) { accepted } }',
  ],
])('%s, and no other scope: %s %s', async (scope, module, operation) => {
  const codes = await Promise.all(
    scopes.map(async (one) => {
      const found = codesOf(await ask(module, plugin([one]), operation))
      // An operation that is not valid would be allowed to anybody.
      expect(found).not.toContain('GRAPHQL_VALIDATION_FAILED')
      return found.includes('FORBIDDEN') ? 'refused' : 'allowed'
    }),
  )
  expect(Object.fromEntries(scopes.map((one, index) => [one, codes[index]]))).toEqual(
    Object.fromEntries(scopes.map((one) => [one, one === scope ? 'allowed' : 'refused'])),
  )
  expect(codesOf(await ask(module, plugin([]), operation))).toContain('FORBIDDEN')
})

test('a plugin sees nothing of another client, whatever it was granted', async () => {
  const answer = await ask('data', plugin(scopes, 'globex'), '{ record(id: "RECORD") { data } }')
  expect(answer).toEqual({ data: { record: null } })
})

test('what a plugin writes is nobody in person, and its events say who it was', async () => {
  const written = await ask(
    'data',
    plugin(['records:read', 'records:write', 'users:read']),
    'mutation { createRecord(collection: "c", data: {}) { createdBy { id } history { edges { node { actor { id } } } } } }',
  )
  expect(written.data?.createRecord).toMatchObject({ createdBy: null })
  expect(written.errors).toBeUndefined()
})
