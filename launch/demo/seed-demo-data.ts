import { type Credentials, callGraphQL } from '../../foundation/call-graphql.ts'
import type { DemoClient } from '../secrets.ts'
import type { DemoClientPlan } from './demo-clients.ts'

type SignIn = { signIn: { session: { accessToken: string; user: { id: string } } | null } | null }

/**
 * Writes one demo client's users, collections, records and notifications through its public API, as any client
 * would. Each step looks first, or carries an idempotency key: after a start that was killed half-way all of it runs
 * again and nothing is there twice.
 */
export async function seedDemoData(endpoint: string, plan: DemoClientPlan, keys: DemoClient): Promise<void> {
  // One after the other: lists show users in the order in which they came, and so do the guides.
  for (const user of plan.users) await signUpUser(endpoint, user, keys)
  await Promise.all(plan.users.map((user) => setRoles(endpoint, user, keys)))
  const author = await signInAuthor(endpoint, keys)
  for (const collection of plan.collections) await seedCollection(endpoint, collection, { keys, author })
  for (const [index, notification] of plan.notifications.entries()) {
    await callGraphQL(endpoint, {
      document: 'mutation ($input: NotifyInput!) { notify(input: $input) { id } }',
      variables: {
        input: { ...notification, userId: author.id, idempotencyKey: `demo-notification-${index}` },
      },
      credentials: { apiKey: keys.secretKey },
    })
  }
}

type Person = { id: string; token: string }

type DemoUser = DemoClientPlan['users'][number]

/** The answer for a known address is the same as for a new one: who it is, signing in tells. */
async function signUpUser(endpoint: string, { email, name }: DemoUser, keys: DemoClient): Promise<void> {
  const document = 'mutation ($input: SignUpInput!) { signUp(input: $input) { session { accessToken } } }'
  const input = { email, password: passwordOf(email, keys), name }
  const credentials = { apiKey: keys.publishableKey }
  await callGraphQL(endpoint, { document, variables: { input }, credentials })
}

async function setRoles(endpoint: string, { email, roles }: DemoUser, keys: DemoClient): Promise<void> {
  const input = { email, password: passwordOf(email, keys) }
  const person = await signIn(endpoint, input, { apiKey: keys.publishableKey })
  await callGraphQL(endpoint, {
    document: 'mutation ($userId: ID!, $roles: [Role!]!) { setRoles(userId: $userId, roles: $roles) { id } }',
    variables: { userId: person.id, roles },
    credentials: { apiKey: keys.secretKey },
  })
}

function passwordOf(address: string, { users }: DemoClient): string | undefined {
  return users.find(({ email }) => email === address)?.password
}

/** The last of a client's users, a mere member; signed in only now, with the roles that were set. */
function signInAuthor(endpoint: string, { users, publishableKey }: DemoClient): Promise<Person> {
  const { email, password } = users.at(-1) ?? {}
  return signIn(endpoint, { email, password }, { apiKey: publishableKey })
}

/** @throws {CallError} INVALID_CREDENTIALS where somebody of that address has another password */
async function signIn(endpoint: string, input: object, credentials: Credentials): Promise<Person> {
  const document =
    'mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken user { id } } } }'
  const data = await callGraphQL<SignIn>(endpoint, { document, variables: { input }, credentials })
  const session = data.signIn?.session
  if (!session) throw new Error('Signing in a demo user answered no session.')
  return { id: session.user.id, token: session.accessToken }
}

async function seedCollection(
  endpoint: string,
  { name, access, schema, records }: DemoClientPlan['collections'][number],
  { keys, author }: { keys: DemoClient; author: Person },
): Promise<void> {
  const { collection } = await callGraphQL<{ collection: { name: string } | null }>(endpoint, {
    document: 'query ($name: String!) { collection(name: $name) { name } }',
    variables: { name },
    credentials: { apiKey: keys.secretKey },
  })
  if (!collection) {
    await callGraphQL(endpoint, {
      document: `mutation ($name: String!, $schema: JSON!, $access: CollectionAccess) {
        defineCollection(name: $name, schema: $schema, access: $access) { name }
      }`,
      variables: { name, schema, access },
      credentials: { apiKey: keys.secretKey },
    })
  }
  for (const [index, data] of records.entries()) {
    await callGraphQL(endpoint, {
      document: `mutation ($collection: String!, $data: JSON!, $key: String!) {
        createRecord(collection: $collection, data: $data, idempotencyKey: $key) { id }
      }`,
      variables: { collection: name, data, key: `demo-${name}-${index}` },
      credentials: { token: author.token },
    })
  }
}
