import { execute, parse } from 'graphql'
import { buildPluginSchema } from '../../lambdas/host/plugin-schema.ts'
import type { LambdaCall } from '../../lambdas/host/run-lambdas.ts'
import { createWaves } from '../../lambdas/host/waves.ts'

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  input Filled { text: String = "${'x'.repeat(10_000)}" }
  type User @key(fields: "id") { id: ID! tier(of: Int): String filled(all: [Filled!]): Int points: Int friend: User }
  type Query { best: User worst: User }
  type Mutation { one: Int two: Int }
`
const functions = [
  'User.tier',
  'User.filled',
  'User.points',
  'User.friend',
  'Query.best',
  'Query.worst',
  'Mutation.one',
  'Mutation.two',
]
const schema = buildPluginSchema(sdl, functions)

/** Executes, and answers what crossed together. */
async function crossingsOf(query: string, variableValues = {}, failures: string[] = []) {
  const crossings: { calls: string[]; repeatable: boolean }[] = []
  const nameOf = (call: LambdaCall) =>
    'parent' in call && Array.isArray(call.parent)
      ? `${call.lambda}${JSON.stringify(call.args)} of ${call.parent.length}`
      : call.lambda
  const cross = async (calls: readonly LambdaCall[], repeatable: boolean) => {
    crossings.push({ calls: calls.map(nameOf), repeatable })
    return calls.map((call) =>
      'parent' in call && Array.isArray(call.parent)
        ? call.parent.map(() => ({ value: null }))
        : { value: call.lambda.startsWith('Query.') ? { id: '1' } : 1 },
    )
  }
  const contextValue = createWaves(cross, { payloadChars: 100_000 })
  const { errors } = await execute({ schema, document: parse(query), contextValue, variableValues })
  expect(errors?.map(({ extensions }) => extensions.code) ?? []).toEqual(failures)
  return crossings
}

test('all fields of all objects of a fetch cross together, those with the same arguments as one call', async () => {
  const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { tier(of: 1) other: tier(of: 2) same: tier(of: 1) points } } }`
  const r = [1, 2, 3].map((id) => ({ __typename: 'User', id }))
  expect(await crossingsOf(query, { r })).toEqual([
    { calls: ['User.tier{"of":1} of 6', 'User.tier{"of":2} of 3', 'User.points{} of 3'], repeatable: true },
  ])
})

test('what needs an answer first crosses when that is there, for all together', async () => {
  expect((await crossingsOf('{ best { tier } worst { tier points } }')).map(({ calls }) => calls)).toEqual([
    ['Query.best', 'Query.worst'],
    ['User.tier{} of 2', 'User.points{} of 1'],
  ])
})

test('arguments that types fill in without end are not written out, for no object', async () => {
  const query = 'query ($all: [Filled!]) { best { filled(all: $all) tier } }'
  const all = Array.from({ length: 100_000 }, () => ({}))
  const crossings = await crossingsOf(query, { all }, ['LAMBDA_RESULT_TOO_LARGE'])
  expect(crossings.map(({ calls }) => calls)).toEqual([['Query.best'], ['User.tier{} of 1']])
})

test('mutations cross one after another, and never twice', async () => {
  expect(await crossingsOf('mutation { one two }')).toEqual([
    { calls: ['Mutation.one'], repeatable: false },
    { calls: ['Mutation.two'], repeatable: false },
  ])
})
