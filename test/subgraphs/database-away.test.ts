import { randomBytes } from 'node:crypto'
import { Kind, parse } from 'graphql'
import { Client } from 'pg'
import type { Env, RunningService } from '../../foundation/service.ts'
import type { ClientViewer } from '../../foundation/viewer.ts'
import { start as startAnalytics } from '../../subgraphs/analytics/main.ts'
import { readSdl } from '../../subgraphs/create-subgraph.ts'
import { start as startData } from '../../subgraphs/data/main.ts'
import { start as startNotifications } from '../../subgraphs/notifications/main.ts'
import { start as startUsers } from '../../subgraphs/users/main.ts'
import { type CuttableDatabase, createCuttableDatabase } from '../support/cuttable-database.ts'
import { eventually } from '../support/eventually.ts'
import {
  type Answer,
  codesOf,
  type ModuleUnderTest,
  startModuleUnderTest,
  viewersOf,
} from '../support/module-under-test.ts'

const { admin, frontend, server, user } = viewersOf('acme')
const entity = (fields: string) =>
  `{ _entities(representations: [{ __typename: "User", id: "ID" }]) { ... on User { ${fields} } } }`

/** By the root fields, all of them: who asks, and what. `ID` and `TOKEN` are of what `prepare` has made. */
type Asked = Record<string, [ClientViewer, string]>
type ModuleCase = {
  name: 'users' | 'data' | 'analytics' | 'notifications'
  start: (env: Env) => Promise<RunningService>
  settings?: Env
  prepare?: (module: ModuleUnderTest) => Promise<{ id: string; token?: string }>
  asked: Asked
}

const signUp =
  'mutation { signUp(input: { email: "ada@acme.example", password: "correct horse", name: "Ada" }) { session { accessToken } } }'
const signIn = (fields: string) =>
  `mutation { signIn(input: { email: "ada@acme.example", password: "correct horse" }) { session { ${fields} } } }`
const create = 'mutation { createRecord(collection: "notes", data: { text: "a" }) { id } }'
const notify = 'mutation { notify(input: { userId: "ID", topic: "orders", title: "A", body: "B" }) { id } }'

const cases: ModuleCase[] = [
  {
    name: 'users',
    start: startUsers,
    settings: { TRELLIS_FIELD_KEY: randomBytes(32).toString('base64') },
    async prepare(users) {
      await expectOk(users, frontend, signUp)
      const { signIn: answer } = await expectOk(users, frontend, signIn('refreshToken user { id }'))
      const { session } = answer as { session: { refreshToken: string; user: { id: string } } }
      return { id: session.user.id, token: session.refreshToken }
    },
    asked: {
      me: [user('ID', 'MEMBER'), '{ me { name } }'],
      user: [admin, '{ user(id: "ID") { name } }'],
      users: [admin, '{ users { totalCount } }'],
      signUp: [frontend, signUp],
      signIn: [frontend, signIn('accessToken')],
      refreshSession: [frontend, 'mutation { refreshSession(refreshToken: "TOKEN") { accessToken } }'],
      setRoles: [admin, 'mutation { setRoles(userId: "ID", roles: [MEMBER]) { id } }'],
      signOut: [user('ID', 'MEMBER'), 'mutation { signOut(refreshToken: "TOKEN") }'],
      _entities: [admin, entity('name')],
    },
  },
  {
    name: 'data',
    start: startData,
    async prepare(data) {
      await expectOk(
        data,
        server,
        'mutation { defineCollection(name: "notes", schema: { type: "object" }) { name } }',
      )
      const { createRecord } = await expectOk(data, server, create)
      return createRecord as { id: string }
    },
    asked: {
      collections: [admin, '{ collections { totalCount } }'],
      collection: [admin, '{ collection(name: "notes") { access } }'],
      record: [admin, '{ record(id: "ID") { version } }'],
      records: [admin, '{ records(collection: "notes") { totalCount } }'],
      defineCollection: [
        admin,
        'mutation { defineCollection(name: "more", schema: { type: "object" }) { name } }',
      ],
      createRecord: [admin, create],
      updateRecord: [
        admin,
        'mutation { updateRecord(id: "ID", expectedVersion: 1, patch: { text: "b" }) { id } }',
      ],
      deleteRecord: [admin, 'mutation { deleteRecord(id: "ID", expectedVersion: 2) }'],
      _entities: [
        admin,
        '{ _entities(representations: [{ __typename: "Record", id: "ID" }]) { ... on Record { version } } }',
      ],
    },
  },
  {
    name: 'analytics',
    start: startAnalytics,
    asked: {
      series: [
        admin,
        '{ series(metric: "sales", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", interval: DAY) { key } }',
      ],
      track: [server, 'mutation { track(events: [{ id: "1", metric: "sales" }]) { accepted } }'],
      _entities: [admin, entity('activity { key }')],
    },
  },
  {
    name: 'notifications',
    start: startNotifications,
    prepare: async (notifications) => (await expectOk(notifications, admin, notify)).notify as { id: string },
    asked: {
      notifications: [user('somebody', 'MEMBER'), '{ notifications { totalCount } }'],
      notify: [admin, notify],
      markRead: [user('somebody', 'MEMBER'), 'mutation { markRead(ids: ["ID"]) }'],
      _entities: [admin, entity('unreadCount')],
    },
  },
]

async function expectOk(module: ModuleUnderTest, viewer: ClientViewer, query: string) {
  const { data, errors } = await module.ask(viewer, query)
  if (errors || !data) throw new Error(JSON.stringify(errors))
  return data
}

async function rootFieldsOf(name: string): Promise<string[]> {
  const { definitions } = parse(await readSdl(name))
  return definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION && /^(Query|Mutation)$/.test(definition.name.value)
      ? (definition.fields ?? []).map((field) => field.name.value)
      : [],
  )
}

type Standing = {
  database: CuttableDatabase
  module: ModuleUnderTest
  /** All of it at once, by root field. */
  askAll(): Promise<Record<string, Answer>>
}

async function stand({ name, start, settings, prepare, asked }: ModuleCase): Promise<Standing> {
  const database = await createCuttableDatabase(name)
  const env = { ...settings, DATABASE_URL: database.url }
  const module = await startModuleUnderTest(name, start, env, Promise.resolve(database))
  const { id, token = '' } = (await prepare?.(module)) ?? { id: 'somebody' }
  const ask = async (field: string, [viewer, query]: [ClientViewer, string]): Promise<[string, Answer]> => {
    const asking = viewer.kind === 'USER' && viewer.userId === 'ID' ? { ...viewer, userId: id } : viewer
    return [field, await module.ask(asking, query.replaceAll('ID', id).replaceAll('TOKEN', token))]
  }
  return {
    database,
    module,
    askAll: async () =>
      Object.fromEntries(await Promise.all(Object.entries(asked).map((one) => ask(...one)))),
  }
}

/** Nothing is said of where it is, or what has happened to it. */
const away = {
  errors: [
    expect.objectContaining({
      message: 'The database does not answer; try again in a moment.',
      extensions: { code: 'DATABASE_UNAVAILABLE' },
    }),
  ],
}

async function expectAway({ askAll }: Standing): Promise<void> {
  for (const [field, answer] of Object.entries(await askAll()))
    expect({ field, ...answer }).toMatchObject({ field, ...away })
}

async function expectBack({ askAll }: Standing): Promise<void> {
  const codes = Object.values(await askAll()).flatMap(codesOf)
  for (const code of ['DATABASE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR']) expect(codes).not.toContain(code)
}

describe('while its database is away', () => {
  const standing = new Map<string, Standing>()
  const of = (name: string) => {
    const found = standing.get(name)
    if (!found) throw new Error(`${name} was not started.`)
    return found
  }
  beforeAll(async () => {
    await Promise.all(cases.map(async (one) => standing.set(one.name, await stand(one))))
  })
  afterAll(() => Promise.all([...standing.values()].map(({ module }) => module.close())))

  test.each(cases)(
    'every root field of $name says so, and answers when it is back',
    async ({ name, asked }) => {
      expect(Object.keys(asked).sort()).toEqual(['_entities', ...(await rootFieldsOf(name))].sort())
      await expectBack(of(name))
      await of(name).database.cut()
      // What finds a connection that was lost fails otherwise than what makes a new one.
      await expectAway(of(name))
      await expectAway(of(name))
      await of(name).database.mend()
      await expectBack(of(name))
    },
  )

  test('and so does each while it takes what it is sent and answers nothing', async () => {
    for (const { database } of standing.values()) database.hang()
    await Promise.all([...standing.values()].map(expectAway))
    for (const { database } of standing.values()) await database.cut()
    for (const { database } of standing.values()) await database.mend()
    await Promise.all([...standing.values()].map(expectBack))
  }, 30_000)
})

describe('a change under way', () => {
  let database: CuttableDatabase
  let module: ModuleUnderTest
  let direct: Client
  beforeAll(async () => {
    database = await createCuttableDatabase('data')
    module = await startModuleUnderTest(
      'data',
      startData,
      { DATABASE_URL: database.url },
      Promise.resolve(database),
    )
    direct = new Client({ connectionString: database.directUrl })
    await direct.connect()
    await expectOk(module, admin, 'mutation { defineCollection(name: "notes", schema: {}) { name } }')
  })
  afterAll(async () => {
    await direct?.end()
    await module?.close()
  })

  const createOnce = (key: string) =>
    module.ask(
      admin,
      `mutation { createRecord(collection: "notes", data: { key: "${key}" }, idempotencyKey: "${key}") { id data } }`,
    )
  const idsOf = async (key: string) => {
    const { rows } = await direct.query<{ id: string }>(`SELECT id FROM record WHERE data->>'key' = $1`, [
      key,
    ])
    return rows.map(({ id }) => id)
  }
  const waits = (lock: string) =>
    eventually(`it waits for the ${lock}`, async () => {
      const { rows } = await direct.query(
        `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database
         WHERE datname = current_database() AND locktype = $1 AND NOT granted`,
        [lock],
      )
      return rows.length > 0
    })

  test('that was not committed is undone, and made when it is repeated', async () => {
    await direct.query('BEGIN')
    await direct.query('LOCK TABLE record IN ACCESS EXCLUSIVE MODE')
    const creating = createOnce('cut')
    await waits('relation')
    await database.cut()
    await direct.query('COMMIT')
    expect(codesOf(await creating)).toEqual(['DATABASE_UNAVAILABLE'])
    expect(await idsOf('cut')).toEqual([])
    await database.mend()
    expect((await createOnce('cut')).errors).toBeUndefined()
    expect(await idsOf('cut')).toHaveLength(1)
  })

  test('that was committed, its answer lost, is made, and not made twice when it is repeated', async () => {
    // Its commit waits for the lock.
    await direct.query(`
      CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON record DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait()`)
    await direct.query('SELECT pg_advisory_lock(1)')
    const creating = createOnce('lost')
    await waits('advisory')
    database.hang()
    await direct.query('SELECT pg_advisory_unlock(1)')
    expect(codesOf(await creating)).toEqual(['DATABASE_UNAVAILABLE'])
    const made = await idsOf('lost')
    expect(made).toHaveLength(1)
    await database.cut()
    await database.mend()
    expect((await createOnce('lost')).data?.createRecord).toMatchObject({ id: made[0] })
    expect(await idsOf('lost')).toEqual(made)
  }, 30_000)
})
