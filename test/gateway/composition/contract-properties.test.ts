import { composeSchemaContract, transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import fc from 'fast-check'
import {
  buildASTSchema,
  buildSchema,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql'
import { composeForClient } from '../../../gateway/composition/compose-for-client.ts'
import { createTextPlanner } from '../../../gateway/planning/text-planner.ts'

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])\n'
const typeNames = ['Query', 'A', 'B', 'C', 'D']

type Field = { type: string; tags: string[] }
type Model = Record<string, Field[]>

const models: fc.Arbitrary<Model> = fc.record(
  Object.fromEntries(
    typeNames.map((name) => [
      name,
      fc.array(
        fc.record({
          type: fc.constantFrom('Int', 'Int!', 'A', '[B!]', 'C!', 'D'),
          tags: fc.subarray(['t', 'u']),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    ]),
  ),
)

function write(model: Model): string {
  const types = Object.entries(model).map(([name, fields]) => {
    const lines = fields.map(
      ({ type, tags }, index) =>
        `${name.toLowerCase()}${index}: ${type} ${tags.map((tag) => `@tag(name: "${tag}")`).join(' ')}`,
    )
    return `type ${name} { ${lines.join(' ')} }`
  })
  return link + types.join('\n')
}

/** The API schema as Apollo's own library makes it of the supergraph, whose rules for `@inaccessible` it checks. Null: empty. */
function contractOf(sdl: string, tags: string[]): GraphQLSchema | null {
  const composition = composeForClient([{ name: 'one', sdl }], tags)
  if (composition.ok) return buildSchema(createTextPlanner(composition.supergraphSdl).apiSdl)
  expect(composition.errors.map(({ code }) => code)).toEqual(['CONTRACT_EMPTY'])
  return null
}

function coordinatesOf(schema: GraphQLSchema | null): string[] {
  return Object.values(schema?.getTypeMap() ?? {}).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
      : [],
  )
}

function reachable(schema: GraphQLSchema | null): Set<string> {
  const reached = new Set<string>()
  const reach = (name: string) => {
    const type = schema?.getType(name)
    if (!isObjectType(type) || reached.has(name)) return
    reached.add(name)
    for (const field of Object.values(type.getFields())) reach(getNamedType(field.type).name)
  }
  reach('Query')
  return reached
}

/** The composition library's own contract, which has another mind about dead ends: it refuses them. */
function contractOfLibrary(sdl: string, tag: string): GraphQLSchema | null {
  const services = [{ name: 'one', url: 'http://one', typeDefs: parse(sdl) }]
  const { supergraphSdl } = composeSchemaContract(services, { include: new Set([tag]), exclude: new Set() })
  return supergraphSdl ? buildASTSchema(transformSupergraphToPublicSchema(parse(supergraphSdl))) : null
}

test('contracts of random schemas: valid, tagged, reachable, growing with their tags, and as the library makes them', () => {
  let compared = 0
  fc.assert(
    fc.property(models, (model) => {
      const sdl = write(model)
      const [small, large] = [contractOf(sdl, ['t']), contractOf(sdl, ['t', 'u'])]
      for (const coordinate of coordinatesOf(small)) {
        const [type = '', field = ''] = coordinate.split('.')
        expect(model[type]?.[Number(field.at(-1))]?.tags).toContain('t')
        expect(reachable(small)).toContain(type)
        expect(coordinatesOf(large)).toContain(coordinate)
      }
      const theirs = contractOfLibrary(sdl, 't')
      if (!small || !theirs) return
      compared += 1
      const printed = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema))
      expect(printed(small)).toBe(printed(theirs))
    }),
    { numRuns: 30 },
  )
  expect(compared).toBeGreaterThan(0)
})
