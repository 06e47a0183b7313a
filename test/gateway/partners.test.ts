import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql'
import { createApiKey } from '../../gateway/registry/api-keys.ts'
import { createClient } from '../../gateway/registry/create-client.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayUnderTest, startGatewayUnderTest } from '../support/gateway-under-test.ts'
import { openSocket } from '../support/graphql.ts'
import { startTestSubgraph, type TestSubgraph } from '../support/test-subgraph.ts'
import { expectOk } from '../support/two-subgraphs.ts'
import { openRawSocket } from './ws/raw-socket.ts'

const usersSdl = `
  type Query { user(id: ID!): User @tag(name: "people")  everybody: [User] }
  type Mutation { dismiss(id: ID!): User  praise(id: ID!): User @tag(name: "praise") }
  type User @key(fields: "id") {
    id: ID! @tag(name: "people")  name: String @tag(name: "people")  salary: Int!  manager: User
    badge: String @tag(name: "people")
  }`
const dataSdl = `
  type Query { record(id: ID!): Record @tag(name: "records")  payroll: [Payroll] }
  type Subscription { recordChanged: Record @tag(name: "records")  payrollChanged: Payroll }
  type Record @key(fields: "id") { id: ID! @tag(name: "records")  createdBy: User @tag(name: "records")  payroll: Payroll }
  type Payroll { total: Int  step: PayrollStep }
  enum PayrollStep { DRAFT }
  type User @key(fields: "id") {
    id: ID!  salary: Int! @external
    grade: String @requires(fields: "salary") @tag(name: "people")
  }`
const hidden = [
  'salary',
  'manager',
  'everybody',
  'dismiss',
  'payroll',
  'Payroll',
  '_entities',
  '_service',
  'tag',
]

const data = {
  Query: {
    record: (_root: unknown, { id }: { id: string }) => ({ id, createdBy: { id } }),
    payroll: () => [{ total: 1 }],
  },
  Subscription: {
    recordChanged: {
      async *subscribe() {
        yield { recordChanged: { id: 'r1', createdBy: { id: 'u1' } } }
      },
    },
    payrollChanged: {
      async *subscribe() {
        yield { payrollChanged: { total: 1 } }
      },
    },
  },
  User: { grade: ({ salary }: { salary: number }) => `grade ${salary > 10 ? 'A' : 'B'}` },
}
const users = {
  Query: { user: (_root: unknown, { id }: { id: string }) => ({ id }), everybody: () => [] },
  Mutation: {
    dismiss: (_root: unknown, { id }: { id: string }) => ({ id }),
    praise: (_root: unknown, { id }: { id: string }) => ({ id }),
  },
  User: {
    name: ({ id }: { id: string }) => `Name of ${id}`,
    salary: ({ id }: { id: string }) => (id === 'unpaid' ? null : 12),
    badge() {
      throw new Error('no badge without manager and salary')
    },
  },
}

describe('a partner', () => {
  let gateway: GatewayUnderTest
  const modules: TestSubgraph[] = []
  let secret: string
  const partners = new Map<string, string>()

  beforeAll(async () => {
    gateway = await startGatewayUnderTest()
    await createClient(gateway.db, { slug: 'acme', name: 'Acme', modules: ['users', 'data'] })
    for (const tags of [
      ['people'],
      ['records'],
      ['records', 'people'],
      ['praise', 'people'],
      ['nobody'],
      [],
    ]) {
      const key = await createApiKey(gateway.db, { kind: 'PARTNER', client: 'acme', name: 'Test', tags })
      partners.set(tags.join(' '), key.secret)
    }
    secret = (await createApiKey(gateway.db, { kind: 'SECRET', client: 'acme', name: 'Test' })).secret
    for (const module of [
      { name: 'users', sdl: usersSdl, resolvers: users },
      { name: 'data', sdl: dataSdl, resolvers: data },
    ]) {
      const credential = gateway.credentials.get(module.name) ?? ''
      const running = await startTestSubgraph({ ...module, gatewayUrl: gateway.url, credential })
      modules.push(running)
      await expectOk(await running.register())
    }
  })
  afterAll(async () => {
    for (const module of modules) await module.close()
    await gateway.close()
  })

  const ask = (tags: string, query: string, variables?: object) =>
    gateway.query(query, { 'x-api-key': partners.get(tags) ?? '' }, variables)

  async function sdlOf(tags: string): Promise<string> {
    const { data } = await ask(tags, getIntrospectionQuery())
    return printSchema(buildClientSchema(data as unknown as IntrospectionQuery))
  }

  test('introspects its contract and nothing else', async () => {
    const sdl = await sdlOf('records people')
    expect(sdl).toContain('grade: String')
    for (const name of [...hidden, 'praise', 'Mutation']) expect(sdl).not.toContain(name)
    for (const name of ['Payroll', 'PayrollStep', 'Mutation', '_Entity', '_Any', 'join__Graph']) {
      expect((await ask('people', `{ __type(name: "${name}") { name } }`)).data).toEqual({ __type: null })
    }
    expect(await sdlOf('praise people')).toContain('type Mutation {\n  praise(id: ID!): User\n}')
  })

  test('reads what is in it, also what needs something that is not', async () => {
    const query = '{ record(id: "r1") { createdBy { name grade } } }'
    const answer = { record: { createdBy: { name: 'Name of r1', grade: 'grade A' } } }
    expect((await ask('records people', query)).data).toEqual(answer)
    expect((await ask('praise people', 'mutation { praise(id: "p") { name } }')).data).toEqual({
      praise: { name: 'Name of p' },
    })
  })

  test.each([
    ['a hidden field', '{ user(id: "1") { salary } }'],
    ['under an alias', '{ user(id: "1") { name: salary } }'],
    [
      'in a fragment on a type of the contract',
      '{ user(id: "1") { ...F } } fragment F on User { manager { id } }',
    ],
    ['a fragment on a type outside', '{ __typename ... on Payroll { total } }'],
    ['a root field', '{ everybody { id } }'],
    ['a root field of another contract', '{ record(id: "1") { id } }'],
    [
      'entities',
      '{ _entities(representations: [{ __typename: "User", id: "1" }]) { ... on User { salary } } }',
    ],
    ['the SDL', '{ _service { sdl } }'],
    ['a mutation', 'mutation { dismiss(id: "1") { id } }'],
    ['a mutation that has nothing but its name', 'mutation { __typename }'],
    ['a variable of a hidden type', 'query ($s: PayrollStep) { user(id: "1") { id @skip(if: $s) } }'],
  ])('may not ask for %s, and learns nothing from the refusal', async (_what, query) => {
    const { status, errors, data } = await ask('people', query)
    expect({ status, data, code: errors?.[0]?.extensions.code }).toEqual({
      status: 400,
      data: undefined,
      code: 'GRAPHQL_VALIDATION_FAILED',
    })
    // What the partner wrote is quoted; nothing is named beside it.
    const said = JSON.stringify(errors)
    for (const name of hidden.filter((name) => !query.includes(name))) expect(said).not.toContain(name)
  })

  test.each(['salar', 'Salary', 'payrol', 'everybod', 'mannager', 'dismis'])(
    '%s: no suggestion',
    async (typo) => {
      const queries = [
        `{ ${typo} }`,
        `{ user(id: "1") { ${typo} } }`,
        `mutation { ${typo} }`,
        `query ($v: ${typo}) { __typename }`,
      ]
      for (const query of queries) {
        const said = JSON.stringify((await ask('people', query)).errors)
        for (const name of hidden.filter((name) => name !== typo))
          expect(said.replaceAll(typo, '')).not.toContain(name)
      }
    },
  )

  test('errors of what the contract does not show do not name it', async () => {
    const { data, errors } = await ask('people', '{ user(id: "unpaid") { name grade } }')
    expect({ data, paths: errors?.map(({ path }) => path) }).toEqual({
      data: { user: null },
      paths: [['user']],
    })
    const badge = await ask('people', '{ user(id: "1") { badge } }')
    expect(badge).toMatchObject({ data: { user: { badge: null } }, errors: [{ path: ['user', 'badge'] }] })
    errors?.push(...(badge.errors ?? []))
    for (const name of hidden) expect(JSON.stringify(errors)).not.toContain(name)
  })

  test('whose tags change is closed with what is open, and comes back to what they leave now; others are not', async () => {
    const tags = ['records', 'people']
    const { id, secret: apiKey } = await createApiKey(gateway.db, {
      kind: 'PARTNER',
      client: 'acme',
      name: 'Changing',
      tags,
    })
    const query = '{ record(id: "r1") { createdBy { name } } }'
    const status = async () => (await gateway.query(query, { 'x-api-key': apiKey })).status
    await eventually('the key is known', async () => (await status()) === 200)
    const open = async (key: string) => {
      const socket = await openRawSocket(`${gateway.url.replace('http', 'ws')}/graphql`)
      socket.send({ type: 'connection_init', payload: { apiKey: key } })
      expect(await socket.next()).toMatchObject({ type: 'connection_ack' })
      const ask = async (id: string) => {
        socket.send({ type: 'subscribe', id, payload: { query } })
        return (await socket.next()).payload
      }
      return { ...socket, ask }
    }
    const [mine, same] = [await open(apiKey), await open(partners.get('records people') ?? '')]
    expect(await mine.ask('1')).toMatchObject({ data: { record: { createdBy: { name: 'Name of r1' } } } })

    const change = 'mutation ($id: ID!) { setApiKeyTags(id: $id, tags: ["records"]) { tags } }'
    const changed = await gateway.query(change, { 'x-api-key': secret }, { id })
    expect(changed.data).toEqual({ setApiKeyTags: { tags: ['records'] } })
    expect(await mine.closed).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
    const again = await open(apiKey)
    expect(await again.ask('1')).toMatchObject([{ message: expect.stringContaining('createdBy') }])
    expect(await same.ask('1')).toMatchObject({ data: { record: {} } })
    for (const { socket } of [again, same]) socket.close()
  })

  test('subscribes to what is in it, and to nothing else', async () => {
    const apiKey = partners.get('records') ?? ''
    const socket = openSocket(`${gateway.url}/graphql`, { apiKey })
    const live = socket.iterate({ query: 'subscription { recordChanged { id } }' })
    expect((await live.next()).value).toEqual({ data: { recordChanged: { id: 'r1' } } })
    for (const query of [
      'subscription { payrollChanged { total } }',
      'subscription { recordChanged { payroll { total } } }',
    ]) {
      await expect(socket.iterate({ query }).next()).rejects.toMatchObject([
        { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
      ])
    }
    await socket.dispose()
  })

  test('is told when its tags leave nothing', async () => {
    for (const tags of ['nobody', '']) {
      const { status, errors } = await ask(tags, '{ __typename }')
      expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 403, code: 'CONTRACT_EMPTY' })
    }
  })

  test('is known to the modules as a partner, with its tags', async () => {
    await ask('records people', '{ record(id: "1") { id } }')
    expect(modules[1]?.callers.at(-1)?.viewer).toMatchObject({
      kind: 'PARTNER',
      client: 'acme',
      tags: ['records', 'people'],
    })
  })

  test('loses what its client does not show any more, and nobody else notices', async () => {
    const query = '{ record(id: "r1") { id } }'
    expect((await ask('records', query)).data).toEqual({ record: { id: 'r1' } })
    await expectOk(
      (await modules[1]?.register({ sdl: dataSdl.replaceAll('@tag(name: "records")', '') })) ??
        Response.error(),
    )
    const refused = async () =>
      (await ask('records', query)).errors?.[0]?.extensions.code === 'CONTRACT_EMPTY'
    await eventually('the contract is empty', refused)
    expect((await gateway.query(query, { 'x-api-key': secret })).data).toEqual({ record: { id: 'r1' } })
    expect((await ask('people', '{ user(id: "1") { id } }')).data).toEqual({ user: { id: '1' } })
  })
})
