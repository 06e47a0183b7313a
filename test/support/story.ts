import { readFile, stat } from 'node:fs/promises'
import { openSocket, post, take } from './graphql.ts'
import type { TestPlatform } from './platform.ts'

type SignIn = { signIn: { session: { accessToken: string; user: { id: string } } } }
type Users = { users: { edges: { node: { name: string; loyaltyTier: string; unreadCount: number } }[] } }
type Change = {
  recordChanged: {
    cursor: string
    record: { data: { total: number }; createdBy: { name: string; unreadCount: number } }
  }
}

const recordChanged = `subscription ($after: String) {
  recordChanged(collection: "orders", after: $after) { cursor record { data createdBy { name unreadCount } } }
}`

const createOrder = `mutation ($total: Int!) {
  createRecord(collection: "orders", data: { total: $total, status: "open" }) { id }
}`

/** What a new user does with a platform that has just been started; the same in every topology. */
export function tellStory(platform: () => TestPlatform): void {
  test('someone signs in with a demo password and asks who they are', async () => {
    const { headers, person } = await signIn(platform(), 'acme', 'MEMBER')
    const answer = await post(platform().endpoint, headers, {
      query: '{ me { id email roles unreadCount } }',
    })
    expect(answer).toEqual({
      data: {
        me: { id: person.id, email: person.email, roles: ['MEMBER'], unreadCount: expect.any(Number) },
      },
    })
  })

  test('acme sees the loyalty tier its plugin computes; for globex there is no such field', async () => {
    const query = '{ users(first: 10) { edges { node { name loyaltyTier unreadCount } } } }'
    const acme = await post<Users>(platform().endpoint, keyOf(platform(), 'acme'), { query })
    expect(acme.errors).toBeUndefined()
    const people = acme.data?.users.edges.map(({ node }) => node) ?? []
    expect(people).toContainEqual({ name: 'Ada Admin', loyaltyTier: 'BRONZE', unreadCount: 0 })
    // The demo orders are Mia's, and come to more than a thousand.
    expect(people).toContainEqual({
      ...{ name: 'Mia Member', loyaltyTier: expect.stringMatching(/SILVER|GOLD/), unreadCount: 1 },
    })
    const globex = await post(platform().endpoint, keyOf(platform(), 'globex'), { query })
    expect(globex.data).toBeUndefined()
    expect(globex.errors?.map(({ message }) => message)).toEqual([
      expect.stringContaining('Cannot query field "loyaltyTier" on type "User"'),
    ])
  })

  test('what one client has, another does not see', async () => {
    const query = '{ collection(name: "orders") { name } }'
    const acme = await post(platform().endpoint, keyOf(platform(), 'acme'), { query })
    expect(acme).toEqual({ data: { collection: { name: 'orders' } } })
    const globex = await post(platform().endpoint, keyOf(platform(), 'globex'), { query })
    expect(globex).toEqual({ data: { collection: null } })
  })

  test('a change made on one connection arrives, with fields of three modules, on another', async () => {
    const { headers } = await signIn(platform(), 'acme', 'MEMBER')
    const socket = openSocket(platform().endpoint, headers)
    const subscription = socket.iterate<Change>({ query: recordChanged })
    const first = take(subscription, 1)
    // A subscription without a cursor begins when it has arrived, of which the protocol gives no sign: so many are
    // made that one is later than that.
    const numbers: number[] = []
    const arrived = first.then(() => true)
    for (let total = 100; !(await Promise.race([arrived, settled()])); total += 1) {
      numbers.push(total)
      await post(platform().endpoint, headers, { query: createOrder, variables: { total } })
    }
    const [change] = await first
    expect(numbers).toContain(change?.recordChanged.record.data.total)
    expect(change?.recordChanged.record.createdBy).toEqual({
      name: 'Mia Member',
      unreadCount: expect.any(Number),
    })
    await socket.dispose()
  })

  test('after a lost connection, a subscription goes on from its cursor: nothing lost, nothing twice', async () => {
    const { headers } = await signIn(platform(), 'acme', 'MEMBER')
    const { endpoint } = platform()
    const start = await latestCursor(platform(), headers)

    await createOrders(endpoint, headers, [201, 202])
    const socket = openSocket(endpoint, headers)
    const before = await take(
      socket.iterate<Change>({ query: recordChanged, variables: { after: start } }),
      2,
    )
    socket.terminate()
    await createOrders(endpoint, headers, [203, 204])

    const again = openSocket(endpoint, headers)
    const after = before.at(-1)?.recordChanged.cursor
    const history = again.iterate<Change>({ query: recordChanged, variables: { after } })
    const rest = take(history, 3)
    await createOrders(endpoint, headers, [205])
    const totals = [...before, ...(await rest)].map((change) => change.recordChanged.record.data.total)
    expect(totals).toEqual([201, 202, 203, 204, 205])
    await again.dispose()
  })

  test('a partner key sees what its tags allow, and a call without a key gets nothing', async () => {
    const { endpoint, demo } = platform()
    const partner = { 'x-api-key': demo.clients.acme?.partnerKey ?? '' }
    const query = '{ users(first: 1) { totalCount } }'
    const refused = await post(endpoint, partner, { query })
    expect(refused.errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED')
    const seen = await post(endpoint, partner, {
      query: '{ __schema { mutationType { name } } collections { totalCount } }',
    })
    expect(seen).toMatchObject({
      data: { __schema: { mutationType: null }, collections: { totalCount: expect.any(Number) } },
    })
    expect((await post(endpoint, {}, { query })).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
  })

  test('the explorer and the health of the platform are there for everyone', async () => {
    const page = await fetch(`${platform().url}/`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    for (const path of ['/health/live', '/health/ready']) {
      expect((await fetch(platform().url + path)).status).toBe(200)
    }
  })

  test('what was printed can be used, and the secrets are private', async () => {
    const { demo, output, endpoint } = platform()
    expect(demo.endpoint).toBe(endpoint)
    for (const client of Object.values(demo.clients)) {
      expect(output()).toContain(client.publishableKey)
      for (const user of client.users) expect(output()).toContain(user.password)
    }
    const folder = /^All of this is in (.*)\/demo\.json/m.exec(output())?.[1] ?? ''
    for (const file of ['demo.json', 'secrets.json']) {
      expect((await stat(`${folder}/${file}`)).mode & 0o777).toBe(0o600)
    }
    expect(JSON.parse(await readFile(`${folder}/demo.json`, 'utf8'))).toEqual(demo)
  })
}

export function keyOf({ demo }: TestPlatform, client: string): Record<string, string> {
  return { 'x-api-key': demo.clients[client]?.secretKey ?? '' }
}

export async function signIn({ endpoint, demo }: TestPlatform, client: string, role: string) {
  const keys = demo.clients[client]
  const user = keys?.users.find(({ roles }) => roles.at(-1) === role)
  if (!keys || !user) throw new Error(`demo.json has no ${role} of ${client}`)
  const answer = await post<SignIn>(
    endpoint,
    { 'x-api-key': keys.publishableKey },
    {
      query: `mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken user { id } } } }`,
      variables: { input: { email: user.email, password: user.password } },
    },
  )
  if (answer.errors || !answer.data) throw new Error(JSON.stringify(answer))
  const { accessToken, user: person } = answer.data.signIn.session
  const headers: Record<string, string> = { authorization: `Bearer ${accessToken}` }
  return { headers, person: { id: person.id, email: user.email } }
}

async function createOrders(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  totals: readonly number[],
): Promise<void> {
  for (const total of totals) {
    const answer = await post(endpoint, headers, { query: createOrder, variables: { total } })
    if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  }
}

/** A cursor from which everything that comes later is seen: that of a change made now. */
async function latestCursor(
  platform: TestPlatform,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const socket = openSocket(platform.endpoint, headers)
  const first = take(socket.iterate<Change>({ query: recordChanged }), 1)
  const arrived = first.then(() => true)
  let last = 0
  while (!(await Promise.race([arrived, settled()]))) {
    last += 1
    await createOrders(platform.endpoint, headers, [last])
  }
  const [change] = await first
  const cursor = change?.recordChanged.cursor
  const seen = change?.recordChanged.record.data.total ?? last
  if (!cursor) throw new Error('a change without a cursor')
  const rest = socket.iterate<Change>({ query: recordChanged, variables: { after: cursor } })
  const later = await take(rest, last - seen)
  await socket.dispose()
  return later.at(-1)?.recordChanged.cursor ?? cursor
}

/** Lets what has arrived be read first. */
function settled(): Promise<false> {
  return new Promise((resolve) => setImmediate(() => resolve(false)))
}
