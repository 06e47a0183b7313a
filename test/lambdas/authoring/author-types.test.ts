import { readEventCatalogue } from '../../../events/catalogue/event-catalogue.ts'
import { authorTypes } from '../../../lambdas/authoring/author-types.ts'
import { type CheckTypes, createCheckTypes } from '../../../lambdas/authoring/check-types.ts'
import { checkSdl } from '../../../lambdas/host/check-sdl.ts'
import { completeSdl } from '../../../lambdas/host/complete-sdl.ts'

const typeDefs = `
  enum Tier { BRONZE GOLD }
  union Found = User | Perk
  type Perk { name: String! price(currency: String = "EUR"): Float  givenTo: User }
  type User @key(fields: "id") { id: ID!  tier: Tier }
  type Record @key(fields: "id") {
    id: ID!
    data: JSON! @external
    createdBy: User @external
    rank: Int @requires(fields: "data createdBy { id }")
  }
  type Query { best(first: Int = 10, tiers: [Tier!]): [User!]  find(by: FindInput!): Found  perks: [Perk!]! }
  input FindInput { text: String!  limit: Int = 5  and: FindInput }
`
const graph = `
  scalar JSON
  scalar DateTime
  enum Direction { ASC DESC }
  input RecordOrder { path: String! direction: Direction! }
  type Query { record(id: ID!): ID  records(collection: String!, orderBy: [RecordOrder!], first: Int = 20): [ID] }
  type Mutation {
    "Adds a record."
    createRecord(collection: String!, data: JSON!, idempotencyKey: String): ID
  }
`
const functions = ['Query.best', 'Query.find', 'Query.perks', 'User.tier', 'Record.rank', 'Perk.price']

let declared: string
let checkTypes: CheckTypes
beforeAll(async () => {
  checkTypes = await createCheckTypes()
  const { entries } = await readEventCatalogue()
  const events = entries.map(({ type, schema }) => ({ type, description: schema.description, schema }))
  const sdl = completeSdl(typeDefs, checkSdl(typeDefs).document)
  declared = authorTypes({ client: 'acme', graph, plugin: { sdl, functions }, events })
})

/** What the type-checker says of a plugin with these types beside it: `line: message`. */
function faultsOf(plugin: string): string[] {
  const content = `import { definePlugin } from '@trellis/sdk/plugin'\nimport type { Graph } from './trellis.d.ts'\n${plugin}`
  return checkTypes([{ path: 'plugin.ts', content }], declared).map(
    ({ file, line, message }) => `${file} ${line}: ${message}`,
  )
}

const plugin = (parts: string) => `export default definePlugin<Graph>({ typeDefs: '', ${parts} })`
const roots = 'best: () => [], find: () => null, perks: () => []'

test('arguments, objects, results, events and ctx have types', () => {
  const whole = plugin(`
    resolvers: {
      Query: {
        best: async (_root, { first, tiers }, ctx) => {
          const most: number | null = first
          const wanted: readonly ('BRONZE' | 'GOLD')[] = tiers ?? []
          ctx.log(most, wanted.length, ctx.viewer.kind)
          return [{ id: await ctx.secrets.get('x') ?? '' }]
        },
        find: (_root, { by }) => by.and?.text ? { __typename: 'User', id: by.text } : { __typename: 'Perk', name: 'x' },
        perks: () => [{ name: 'Tea', givenTo: { id: '1' } }],
      },
      User: { tier: (users) => users.map(({ id }) => id === '1' ? 'GOLD' : new Error('No.')) },
      Record: { rank: (records) => records.map(({ data, createdBy }) => typeof data === 'object' ? Number(createdBy?.id) : null) },
      Perk: { price: (perks, { currency }) => perks.map(({ name }) => name.length + (currency ?? '').length) },
    },
    rules: {
      'Mutation.createRecord': ({ args, viewer }, ctx) => viewer.roles?.includes('ADMIN') ? args : ctx.reject('NO', args.collection),
      'Query.records': ({ args }) => ({ ...args, first: Math.min(args.first ?? 20, 10) }),
    },
    on: {
      'data.record.created': async (event, ctx) => { await ctx.kv.set(event.subject, event.data.collection.length) },
      'plugin.order.late': (event) => event.data,
    },`)
  expect(faultsOf(whole)).toEqual([])
})

test.each([
  [
    'an argument that is not there',
    `resolvers: { Query: { best: (_root, { count }) => [], find: () => null, perks: () => [] } }`,
    "'count'",
  ],
  [
    'a result of another type',
    `resolvers: { Query: { best: () => [{ name: 'x' }], find: () => null, perks: () => [] } }`,
    "'name'",
  ],
  [
    'a value that is no member of its enum',
    `resolvers: { Query: { ${roots} }, User: { tier: (users) => users.map(() => 'SILVER') } }`,
    '"SILVER"',
  ],
  [
    'a field of an object that was not required',
    `resolvers: { Query: { ${roots} }, Record: { rank: (records) => records.map(({ version }) => version) } }`,
    "'version'",
  ],
  ['a root field without a resolver', `resolvers: { Query: { best: () => [] } }`, 'missing'],
  ['a resolver for a key', `resolvers: { Query: { ${roots} }, User: { id: () => [] } }`, "'id'"],
  [
    'a rule for no field',
    `resolvers: { Query: { ${roots} } }, rules: { 'Mutation.createRecrd': ({ args }) => args }`,
    'createRecrd',
  ],
  [
    'arguments that a field does not take',
    `resolvers: { Query: { ${roots} } }, rules: { 'Query.record': () => ({ id: 1 }) }`,
    "'number'",
  ],
  [
    'a handler for no event',
    `resolvers: { Query: { ${roots} } }, on: { 'data.record.creatd': () => 0 }`,
    'creatd',
  ],
  [
    'data that an event has not',
    `resolvers: { Query: { ${roots} } }, on: { 'data.record.created': ({ data }) => data.total }`,
    "'total'",
  ],
  [
    'the rights of a caller where there is none',
    `resolvers: { Query: { ${roots} } }, on: { 'data.record.created': (_event, ctx) => ctx.graphql('{ me { id } }') }`,
    "'graphql'",
  ],
  ['a scope that is not', `resolvers: { Query: { ${roots} } }, needs: { scopes: ['all'] }`, '"all"'],
])('the type-checker finds %s', (_what, parts, message) => {
  const faults = faultsOf(plugin(parts))
  expect(faults.join('\n')).toContain(message)
  expect(faults.every((fault) => fault.startsWith('plugin.ts 3:'))).toBe(true)
})

test('a client without graph and plugin has types, too', () => {
  const text = authorTypes({ client: 'new', graph: null, plugin: null, events: [] })
  expect(text).toContain('export type Graph')
  expect(authorTypes({ client: 'new', graph: null, plugin: null, events: [] })).toBe(text)
})
