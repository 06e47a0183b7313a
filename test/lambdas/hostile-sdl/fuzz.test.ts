import { operationFromDocument, Supergraph } from '@apollo/federation-internals'
import { QueryPlanner } from '@apollo/query-planner'
import { assert, property } from 'fast-check'
import {
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  isObjectType,
  parse,
} from 'graphql'
import { composeForClient } from '../../../gateway/composition/compose-for-client.ts'
import { composePlugin } from './check.ts'
import { hostileSdl } from './generate-sdl.ts'

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@tag"])'
const core = [
  {
    name: 'items',
    sdl: `${link} directive @replaceable on FIELD_DEFINITION
      type Query { items(first: Int = 10, wish: Wish): [Item]  found: [Found] }
      type Mutation { rename(id: ID!, name: String!): Item }
      type Item @key(fields: "id") @key(fields: "sku") { id: ID!  sku: String!  amount: Money  name: String  title: String @replaceable  colour: Colour  owner: User }
      type User @key(fields: "id", resolvable: false) { id: ID! }
      type Money @shareable { amount: Int!  currency: String! }
      enum Colour { RED GREEN }
      input Wish { colour: Colour  most: Int = 5 }
      union Found = Item | User`,
  },
  {
    name: 'users',
    sdl: `${link}
      type Query { me: User }
      type User @key(fields: "id") { id: ID!  name: String!  email: String  spent: Money }
      type Money @shareable { amount: Int!  currency: String! }
      interface Node { id: ID! }`,
  },
]
/** Operations that worked before there was a plugin; none of them asks for a replaceable field. */
const operations = [
  '{ me { id name email spent { amount currency } } }',
  '{ items(first: 3, wish: { colour: RED }) { id sku name colour amount { amount } owner { id name email } } }',
  '{ found { __typename ... on User { name } ... on Item { sku owner { name } } } }',
  'mutation { rename(id: 1, name: "x") { id name owner { email } } }',
]

type Look = { schema: GraphQLSchema; plans: string[] }

/** What a supergraph promises and does, as Apollo's own library sees it. */
function lookAt(supergraphSdl: string): Look {
  const supergraph = Supergraph.build(supergraphSdl, { supportedFeatures: null, validateSupergraph: false })
  const planner = new QueryPlanner(supergraph)
  const plans = operations.map((text) =>
    JSON.stringify(planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), parse(text)))),
  )
  return { schema: supergraph.apiSchema().toGraphQLJSSchema(), plans }
}

test('whatever the checks let through, no operation that worked before fails, changes its answer or asks the plugin', () => {
  const alone = composeForClient(core)
  if (!alone.ok) throw new Error(JSON.stringify(alone.errors))
  const before = lookAt(alone.supergraphSdl)
  let accepted = 0
  assert(
    property(hostileSdl, (sdl) => {
      const composition = composePlugin(sdl, core)
      if (!composition.ok) return
      accepted += 1
      const after = lookAt(composition.supergraphSdl)
      expect(after.plans).toEqual(before.plans)
      expect(findBreakingChanges(before.schema, after.schema)).toEqual([])
      const dangers = findDangerousChanges(before.schema, after.schema)
      expect(dangers.filter(({ type }) => type !== DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED)).toEqual(
        [],
      )
      expect(deprecated(before.schema, after.schema)).toEqual([])
    }),
    { numRuns: 500 },
  )

  expect(accepted).toBeGreaterThan(10)
})

/** The fields of the one schema that the other one says are deprecated. */
function deprecated(before: GraphQLSchema, after: GraphQLSchema): string[] {
  return Object.values(before.getTypeMap()).flatMap((type) => {
    if (!isObjectType(type)) return []
    const now = after.getType(type.name)
    const fields = isObjectType(now) ? now.getFields() : {}
    return Object.keys(type.getFields())
      .filter((name) => fields[name]?.deprecationReason != null)
      .map((name) => `${type.name}.${name}`)
  })
}
