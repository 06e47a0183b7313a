import { buildSchema, type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { composeForClient } from '../../../gateway/composition/compose-for-client.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key" "@tag" "@external" "@requires" "@shareable" "@inaccessible" "@interfaceObject"])\n`

function contractSupergraph(subgraphs: Readonly<Record<string, string>>, tags: readonly string[]): string {
  const sources = Object.entries(subgraphs).map(([name, sdl]) => ({ name, sdl: link + sdl }))
  const composition = composeForClient(sources, tags)
  if (composition.ok) return composition.supergraphSdl
  throw new Error(composition.errors.map(({ code, message }) => `${code}: ${message}`).join('\n'))
}

/** What a partner with these tags can learn by introspection, through the planner that serves it. */
function seen(subgraphs: Readonly<Record<string, string>>, ...tags: string[]): string {
  return printed(createPlanner(contractSupergraph(subgraphs, tags)).schema)
}

const printed = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema))
const as = (sdl: string) => printed(buildSchema(sdl))

const users = `
  scalar Secret
  enum Order { NAME @tag(name: "nothing") AGE }
  input Search { name: String by: Order = NAME deep: Search }
  input Unused { a: Int }
  type Query {
    users(search: Search! order: Order): Users @tag(name: "users")
    me: User
    secret: Secret
  }
  type Mutation { remove(id: ID!, by: Unused): User }
  type Subscription { changed: User }
  type Users @tag(name: "users") { edges: [User!]! cursor: String }
  type User @key(fields: "id") {
    id: ID! @tag(name: "users")
    name: String! @tag(name: "users") @tag(name: "names")
    email: String
    friend: User @tag(name: "users")
  }`
const loyalty = `
  type User @key(fields: "id") {
    id: ID!
    email: String @external
    tier: Tier @requires(fields: "email") @tag(name: "loyalty")
    points: Int
  }
  type Tier { name: String! @tag(name: "loyalty") level: Int }
  type Query { best: User @tag(name: "loyalty") }
  type Mutation { give(id: ID!): Int @tag(name: "loyalty-write") }`

describe('the contract of a partner', () => {
  test('what has the tag, what it takes, and nothing else', () => {
    expect(seen({ users, loyalty }, 'users')).toBe(
      as(`
        enum Order { NAME AGE }
        input Search { name: String by: Order = NAME deep: Search }
        type Query { users(search: Search!, order: Order): Users }
        type Users { edges: [User!]! cursor: String }
        type User { id: ID! name: String! friend: User }`),
    )
  })

  test('a plugin shows what is its own; an entity of which nothing is left goes with all that answers it', () => {
    expect(seen({ users, loyalty }, 'users', 'loyalty')).toContain('tier: Tier')
    expect(seen({ users, loyalty }, 'loyalty')).toBe(
      as('type Query { best: User } type User { tier: Tier } type Tier { name: String! }'),
    )
    expect(() => seen({ users, loyalty }, 'names')).toThrow('CONTRACT_EMPTY')
  })

  test('mutations only where they are tagged', () => {
    const sdl = seen({ users, loyalty }, 'loyalty', 'loyalty-write')
    expect(sdl).toContain('type Mutation {\n  give(id: ID!): Int\n}')
    expect(sdl).not.toContain('Subscription')
  })

  test('a tag on a type is for the fields of that module, not for what others add to it', () => {
    const account =
      'type Query { account: Account @tag(name: "a") } type Account @key(fields: "id") @tag(name: "a") { id: ID! name: String }'
    const added = 'type Account @key(fields: "id") { id: ID! debt: Int }'
    expect(seen({ account, added }, 'a')).toBe(
      as('type Query { account: Account } type Account { id: ID! name: String }'),
    )
  })

  test('interfaces and unions: what one type hides, the interface does not show', () => {
    const sdl = `
      interface Node @tag(name: "n") { id: ID! secret: Int label: String }
      type A implements Node @tag(name: "n") { id: ID! secret: Int label: String a: Int }
      type B implements Node { id: ID! @tag(name: "n") secret: Int label: String @tag(name: "n") }
      type C implements Node { id: ID! secret: Int label: String }
      union Any = A | C
      union None = C
      type Query { node: Node @tag(name: "n") any: Any @tag(name: "n") none: None @tag(name: "n") }`
    expect(seen({ sdl }, 'n')).toBe(
      as(`
        interface Node { id: ID! label: String }
        type A implements Node { id: ID! secret: Int label: String a: Int }
        type B implements Node { id: ID! label: String }
        union Any = A
        type Query { node: Node any: Any }`),
    )
  })

  test('what is inaccessible to everybody stays so', () => {
    const sdl = `
      type Query { t: T @tag(name: "t") hidden: T @inaccessible @tag(name: "t") }
      type T @tag(name: "t") { a(b: Int, c: Int @inaccessible): Int hidden: Int @inaccessible }
      enum E @inaccessible { A }`
    expect(seen({ sdl }, 't')).toBe(as('type Query { t: T } type T { a(b: Int): Int }'))
  })

  test('circles that lead nowhere', () => {
    const sdl = `
      type Query { a: A @tag(name: "t") ok: Int @tag(name: "t") }
      type A { b: B @tag(name: "t") } type B { a: C @tag(name: "t") } type C { d: Int }`
    expect(seen({ sdl }, 't')).toBe(as('type Query { ok: Int }'))
  })

  test('tags by another name, and by their full one', () => {
    const version = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3"'
    for (const [sdl, tag] of [
      [`${version}, import: [{ name: "@tag", as: "@for" }])`, '@for'],
      [`${version})`, '@federation__tag'],
    ]) {
      const types = `type Query { a: A ${tag}(name: "t") b: A } type A ${tag}(name: "t") { id: ID! }`
      const composition = composeForClient([{ name: 'one', sdl: `${sdl} ${types}` }], ['t'])
      const supergraph = composition.ok ? composition.supergraphSdl : JSON.stringify(composition.errors)
      expect(printed(createPlanner(supergraph).schema)).toBe(as('type Query { a: A } type A { id: ID! }'))
    }
  })

  test('tags of nobody, and none', () => {
    for (const tags of [['nobody'], []]) {
      expect(() => contractSupergraph({ users }, tags)).toThrow('CONTRACT_EMPTY')
    }
    expect(() => contractSupergraph({ users }, ['__proto__'])).toThrow('CONTRACT_EMPTY')
  })

  test('plans may need what the contract hides', async () => {
    const planner = createPlanner(contractSupergraph({ users, loyalty }, ['users', 'loyalty']))
    const prepared = await planner.prepare({ query: '{ best { tier { name } } }', operationName: undefined })
    expect(prepared.ok && JSON.stringify(prepared.operation.plan)).toContain('email')
    const asked = await planner.prepare({ query: '{ best { emai } }', operationName: undefined })
    expect(!asked.ok && asked.errors.map(({ message }) => message)).toEqual([
      'Cannot query field "emai" on type "User".',
    ])
  })
})
