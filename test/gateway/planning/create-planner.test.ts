import { parse, printSchema } from 'graphql'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { compose } from '../../federation/compose.ts'

const planner = createPlanner(
  compose({
    a: {
      sdl: 'type Query { t(x: Int): T } type T @key(fields: "id") { id: ID! a: Int secret: Int @inaccessible }',
    },
    b: { sdl: 'type T @key(fields: "id") { id: ID! b: Int }' },
  }),
)

describe('a planner', () => {
  test('its schema is the API schema: no federation, nothing inaccessible', () => {
    const names = Object.keys(planner.schema.getTypeMap()).filter((name) => !name.startsWith('__'))
    expect(names.sort()).toEqual(['Boolean', 'ID', 'Int', 'Query', 'String', 'T'])
    expect(planner.schema.getType('T')?.toConfig()).not.toHaveProperty('fields.secret')
  })

  test('what is inaccessible is there for what passes between subgraphs; where nothing is, both schemas are one', () => {
    expect(planner.supergraph.getType('T')?.toConfig()).toHaveProperty('fields.secret')
    const open = createPlanner(compose({ a: { sdl: 'type Query { t: Int }' } }))
    expect(open.supergraph).toBe(open.schema)
  })

  test('its schemas keep descriptions and defaults, and nothing of the text they were built from', () => {
    const sdl = `type Query { t("How far." x: Int = 3 @deprecated(reason: "Far enough.")): T @deprecated }
      "A thing." type T { kind: Kind } enum Kind { "One." A B @deprecated(reason: "No more.") }`
    const { schema } = createPlanner(compose({ a: { sdl } }))
    const text = printSchema(schema)
    for (const part of ['"""How far."""', 'x: Int = 3 @deprecated(reason: "Far enough.")', '"""A thing."""'])
      expect(text).toContain(part)
    expect(text).toContain('B @deprecated(reason: "No more.")')
    const type = schema.getQueryType()
    const field = type?.getFields().t
    for (const part of [schema, type, field, field?.args[0]]) expect(part?.astNode).toBeUndefined()
    expect(type?.extensionASTNodes).toEqual([])
  })

  test.each<[string, string | undefined, Record<string, { sdl: string }>]>([
    ['goes on after a place', 'String', { a: stream() }],
    ['goes on after a place of another type', 'ID!', { a: stream({ after: 'after: ID!' }) }],
    ['has no argument for a place', undefined, { a: stream({ after: 'since: String' }) }],
    ['takes a place that is no text', undefined, { a: stream({ after: 'after: [String]' }) }],
    ['tells no places', undefined, { a: stream({ cursor: 'place: String' }) }],
    [
      'tells places that have to be asked for',
      undefined,
      { a: stream({ cursor: 'cursor(of: Int!): String' }) },
    ],
    [
      'tells no places itself: they are of another module',
      undefined,
      {
        a: stream({ cursor: 'n: Int' }),
        b: { sdl: 'type Change @key(fields: "id") { id: ID! cursor: String }' },
      },
    ],
    [
      'tells places no more: another module overrides them',
      undefined,
      {
        a: stream(),
        b: { sdl: 'type Change @key(fields: "id") { id: ID! cursor: String @override(from: "a") }' },
      },
    ],
    [
      'tells places, as another module could',
      'String',
      {
        a: stream({ cursor: 'cursor: String @shareable' }),
        b: { sdl: 'type Change @key(fields: "id") { id: ID! cursor: String @shareable }' },
      },
    ],
  ])('a subscription that %s', async (_what, after, services) => {
    const { plan } = createPlanner(compose(services))
    const operation = parse(`subscription { changed${after?.endsWith('!') ? '(after: "1")' : ''} { id } }`)
    const { node } = (await plan(operation, undefined)).plan
    expect(node?.kind === 'Subscription' && { after: node.after }).toEqual({ after })
  })

  test('the same text and name is planned once', async () => {
    const text = 'query One { t { a } } query Two { t { b } }'
    const first = await planner.plan(parse(text), 'One')
    expect(await planner.plan(parse(text), 'One')).toBe(first)
    expect(await planner.plan(parse(text), 'Two')).not.toBe(first)
    expect(await planner.plan(parse(text, { noLocation: true }), 'One')).not.toBe(first)
  })

  test('@defer and @stream are refused clearly', async () => {
    const plan = planner.plan(parse('{ t { ... @defer { b } } }'), undefined)
    await expect(plan).rejects.toMatchObject({ code: 'UNSUPPORTED_DIRECTIVE' })
  })

  test('an operation that is not there', async () => {
    await expect(
      planner.plan(parse('query A { t { a } } query B { t { b } }'), undefined),
    ).rejects.toMatchObject({
      extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
    })
  })

  test('what the planner throws is a rejection', async () => {
    await expect(planner.plan(parse('{ nothing { a } }'), undefined)).rejects.toMatchObject({
      message: expect.stringContaining('nothing'),
    })
  })

  test('an alias never hides a key', async () => {
    const { plan } = await planner.plan(parse('{ t { id: a b } }'), undefined)
    expect(JSON.stringify(plan)).toContain('{__typename id id__client:a}')
  })
})

function stream({ after = 'after: String', cursor = 'cursor: String' } = {}): { sdl: string } {
  const sdl = `type Query { n: Int } type Subscription { changed(${after}): Change! }
    type Change @key(fields: "id") { id: ID! ${cursor} }`
  return { sdl }
}
