import { composeServices } from '@theguild/federation-composition'
import fc from 'fast-check'
import { parse } from 'graphql'
import { composeForClient, pluginSubgraph } from '../../../gateway/composition/compose-for-client.ts'

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@tag", "@external", "@requires"])\n'

const types = fc.constantFrom('Int', 'String!', '[User!]', 'Page')

/** Versions of the same two modules, of which a few are asked for again and again, in any mixture. */
const users = fc.record({ field: types, tag: fc.boolean() }).map(
  ({ field, tag }) => `${link}type Query { me: User users: Page }
    type Page @shareable { items: [User!] next: ID }
    type User @key(fields: "id") { id: ID! name: ${field} ${tag ? '@tag(name: "t")' : ''} }`,
)
const data = fc.record({ field: types }).map(
  ({ field }) => `${link}type Query { records: [Record!] @tag(name: "t") }
    type Page @shareable { items: [User!] next: ID }
    type User @key(fields: "id") { id: ID! wrote: [Record!] }
    type Record @key(fields: "id") { id: ID! value: ${field} @tag(name: "t") }`,
)
/** Some are refused: for what they declare, and for what does not parse. */
const plugin = fc.constantFrom(
  null,
  `${link}type User @key(fields: "id") { id: ID! tier: Int } type Query { best: [User!] }`,
  `${link}type Record @key(fields: "id") { id: ID! value: Int @external twice: Int @requires(fields: "value") }`,
  `${link}type Page { items: [User!] }`,
  `${link}type User @key(fields: "id") { id: ID! broken`,
)
const clients = fc.array(fc.record({ users, data, plugin, tags: fc.constantFrom(null, ['t']) }), {
  minLength: 2,
  maxLength: 12,
})
type Client = { users: string; data: string; plugin: string | null }

function sourcesOf({ users, data, plugin }: Client) {
  const modules = [
    { name: 'data', sdl: data },
    { name: 'users', sdl: users },
  ]
  return plugin === null ? modules : [...modules, { name: pluginSubgraph, sdl: plugin }]
}

test('what clients share while they are composed changes nothing for any of them, whoever came before', () => {
  fc.assert(
    fc.property(clients, (all) => {
      const compose = () => all.map(({ tags, ...client }) => composeForClient(sourcesOf(client), tags))
      const first = compose()
      expect(compose()).toEqual(first)
      for (const [index, { tags, ...client }] of all.entries()) {
        const composition = first[index]
        if (!composition?.ok || tags) continue
        const alone = composeServices(
          sourcesOf(client).map(({ name, sdl }) => ({
            name,
            url: `subgraph:${name}`,
            typeDefs: parse(sdl),
          })),
        )
        expect(composition.supergraphSdl).toBe(alone.supergraphSdl)
      }
    }),
    { numRuns: 40 },
  )
})

test('a plugin is judged by the modules it is composed with, not by those of the same name before', () => {
  const faultsOf = (core: string) => {
    const sources = sourcesOf({
      users: `${link}type Query { me: User } type User @key(fields: "id") { id: ID! ${core} }`,
      data: `${link}type Query { count: Int }`,
      plugin: `${link}type User @key(fields: "id") { id: ID! tier: Int }`,
    })
    const composition = composeForClient(sources)
    return composition.ok ? [] : composition.errors.map(({ code }) => code)
  }
  expect(faultsOf('name: String')).toEqual([])
  expect(faultsOf('name: String tier: Int')).toEqual(['CORE_FIELD_REDECLARED'])
  expect(faultsOf('name: String')).toEqual([])
})
