import { parse } from 'graphql'
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
