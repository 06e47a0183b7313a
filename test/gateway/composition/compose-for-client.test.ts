import { composeForClient } from '../../../gateway/composition/compose-for-client.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'

const link = (...names: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: [${names.map((name) => `"@${name}"`).join(' ')}])\n`

describe('a supergraph of a client', () => {
  const external = `${link('key', 'interfaceObject', 'external', 'requires')}
    type Media @key(fields: "id") @interfaceObject { id: ID! title: String @external praise: String @requires(fields: "title") }
    type Query { best: Media }`
  const library = `${link('key')}
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String }
    type Query { media: Media }`

  test('keeps in mind what is external to an interface object', async () => {
    const composition = composeForClient([
      { name: 'library', sdl: library },
      { name: 'praise', sdl: external },
    ])
    if (!composition.ok) throw new Error(JSON.stringify(composition.errors))
    expect(composition.supergraphSdl).toMatch(
      /title: String @join__field\(graph: LIBRARY\) @join__field\(graph: PRAISE, external: true\)/,
    )
    const planned = await createPlanner(composition.supergraphSdl).prepare({
      query: '{ best { praise } }',
      operationName: undefined,
    })
    if (!planned.ok) throw new Error(JSON.stringify(planned.errors))
    expect(JSON.stringify(planned.operation.plan)).toContain('"name":"title"')
  })

  test('is refused where a subgraph uses @fromContext, which the executor does not serve', () => {
    const sdl = `${link('key', 'context', 'fromContext')}
      type Query { t: T }
      type T @key(fields: "id") @context(name: "c") { id: ID! prop: String! u: U }
      type U @key(fields: "id") { id: ID! field(a: String @fromContext(field: "$c { prop }")): Int }`
    expect(composeForClient([{ name: 'a', sdl }])).toEqual({
      ok: false,
      errors: [
        { code: 'UNSUPPORTED_FEATURE', message: '[a] @fromContext is not served here.', subgraph: 'a' },
      ],
    })
  })
})
