import type { AskedCoordinate } from '../../../gateway/registry/asked-coordinates.ts'
import { lossBetween } from '../../../gateway/registry/loss-between.ts'
import { lostByPlugin } from '../../../gateway/registry/lost-by-plugin.ts'

const users = `type Query { me: User  caller: String }
  type User @key(fields: "id") @key(fields: "email") { id: ID!  email: String!  name: String }`
const data = `type Query { record(id: ID!): Record }
  type Record @key(fields: "id") { id: ID!  total(currency: String): Int  owner: User  title: String @replaceable }
  type User @key(fields: "id", resolvable: false) { id: ID! }
  type PageInfo @shareable { hasNextPage: Boolean! }`

const plugin = `
type Record @key(fields: "id") {
  id: ID!
  total(currency: String): Int @external
  owner: User @external
  title: String @override(from: "data")
  tier: Tier
    @requires(fields: "total(currency: \\"EUR\\") owner { name }")
}
type User @key(fields: "email") {
  email: String!
  name: String @external
}
type Tier { of: Record  page: PageInfo }
union Thing = Tier | User
type PageInfo @shareable { hasNextPage: Boolean! }
type Query { best(first: Int): [User!] }
`

function lost(
  now: { users?: string; data?: string },
  { sdl = plugin, rules = [] as string[], asked = [] as AskedCoordinate[], before = { users, data } } = {},
) {
  const released = { number: 1, digest: 'd', sdl, rules }
  const graphOf = (modules: { users?: string; data?: string }) => ({
    client: 'acme',
    modules: Object.entries(modules).map(([name, sdl]) => ({ name, sdl })),
    plugin: released,
    contract: null,
  })
  const loss = lossBetween(graphOf(before), graphOf(now))
  const faults = loss ? lostByPlugin(released, loss, asked) : []
  return faults.map(
    ({ code, message, file, line }) => `${file ? `${file}:` : ''}${line ?? '-'} ${code} ${message}`,
  )
}
const field = (name: string, users: string) =>
  `PLUGIN_LOSES_FIELD "${name}" would be gone: the plugin uses it for ${users}.`
const type = (name: string, users: string) =>
  `PLUGIN_LOSES_TYPE "${name}" would be gone: the plugin uses it for ${users}.`

describe('what a plugin would lose', () => {
  test('fields that it requires, also of what they lead to, replaces, or has as a key', () => {
    const withoutName = users.replace('name: String', '')
    expect(lost({ users: withoutName, data })).toEqual([
      `7 ${field('User.name', '"Record.tier" (@requires), "User.name" (@external)')}`,
    ])
    expect(lost({ users, data: data.replace('total(currency: String): Int', '') })).toEqual([
      `7 ${field('Record.total', '"Record.tier" (@requires), "Record.total" (@external)')}`,
    ])
    expect(lost({ users, data: data.replace('title: String @replaceable', '') })).toEqual([
      `6 ${field('Record.title', '"Record.title" (@override)')}`,
    ])
    expect(lost({ users: users.replace('email: String!', ''), data })).toEqual([
      `10 ${field('User.email', '"User" (@key)')}`,
    ])
  })

  test('a field that others only mark as external is gone with the one who answers it', () => {
    const stub = data.replace(
      'resolvable: false) { id: ID! }',
      'resolvable: false) { id: ID!  name: String @external }',
    )
    expect(lost({ data: stub })).toEqual([
      `10 ${field('User.email', '"User" (@key)')}`,
      `7 ${field('User.name', '"Record.tier" (@requires), "User.name" (@external)')}`,
    ])
  })

  test('types that it extends, answers with or has in a union; not the fields of them, too', () => {
    expect(lost({ users })).toEqual([`7 ${type('Record', '"Record.tier", "Tier.of"')}`])
    const without = data.replace('owner: User', '').replace(/type User.*/, '')
    expect(lost({ data: without })).toEqual([
      `7 ${field('Record.owner', '"Record.tier" (@requires), "Record.owner" (@external)')}`,
      `5 ${type('User', '"Record.owner", "Thing", "Query.best"')}`,
    ])
  })

  test('root fields that it has a rule for', () => {
    const rules = ['Query.me', 'Query.caller', 'Query.best']
    expect(lost({ users: users.replace('caller: String', ''), data }, { rules })).toEqual([
      `- ${field('Query.caller', 'a rule')}`,
    ])
  })

  test('nothing by what comes, by what it does not use, or has itself', () => {
    const rules = ['Query.record']
    expect(lost({ users, data: `${data} type More { x: Int }` }, { rules })).toEqual([])
    const less = { users: users.replace('me: User', ''), data: data.replace(/type PageInfo.*/, '') }
    expect(lost(less, { rules })).toEqual([])
  })

  test('what its code asks, each with the file and line where it does', () => {
    const ask = (coordinate: string, line: number, operation: string | null = 'Best') => ({
      coordinate,
      operation,
      file: 'best.ts',
      line,
    })
    const before = {
      users: `${users} extend type Query { user(id: ID): User } input Filter { role: Role } enum Role { ADMIN MEMBER }
        extend type Mutation { notify(input: Filter!): Boolean }`,
      data: `${data} interface Node { id: ID! }`,
    }
    const asked = [
      ask('User', 3),
      ask('User.name', 4),
      ask('User.name', 9, null),
      ask('Query.user', 5),
      ask('Query.user(id:)', 5),
      ask('Mutation.notify', 6),
      ask('Filter', 6),
      ask('Filter.role', 7),
      ask('Role.ADMIN', 7),
      ask('Node.id', 8),
    ]
    const lostOf = (from: string, to: string) => {
      const now = { users: before.users.replace(from, to), data: before.data.replace(from, to) }
      expect(now).not.toEqual(before)
      return lost(now, { sdl: 'type Query { x: Int }', before, asked })
    }
    const told = (line: number, code: string, what: string) =>
      `best.ts:${line} ${code} ${what}: the plugin uses it for "Best" (best.ts:${line}).`
    expect(lostOf('name: String', '')).toEqual([
      'best.ts:4 PLUGIN_LOSES_FIELD "User.name" would be gone: the plugin uses it for "Best" (best.ts:4), an operation (best.ts:9).',
    ])
    expect(lostOf('name: String', 'name: String @inaccessible')).toHaveLength(1)
    expect(lostOf('(id: ID)', '')).toEqual([
      told(5, 'PLUGIN_LOSES_ARGUMENT', '"Query.user(id:)" would be gone'),
    ])
    expect(lostOf('ADMIN', '')).toEqual([told(7, 'PLUGIN_LOSES_FIELD', '"Role.ADMIN" would be gone')])
    expect(lostOf('interface Node { id: ID! }', '')).toEqual([
      told(8, 'PLUGIN_LOSES_FIELD', '"Node.id" would be gone'),
    ])
    // What is there, and is not as it was.
    expect(lostOf('name: String', 'name: [String]')[0]).toContain(
      'best.ts:4 PLUGIN_OPERATION_BROKEN "User.name" would be [String] instead of String',
    )
    expect(lostOf('(id: ID)', '(id: ID!)')).toEqual([
      told(5, 'PLUGIN_OPERATION_BROKEN', '"Query.user" would require "Query.user(id:)"'),
      told(5, 'PLUGIN_OPERATION_BROKEN', '"Query.user(id:)" would be ID! instead of ID'),
    ])
    expect(lostOf('(id: ID)', '(id: ID, as: String!)')).toEqual([
      told(5, 'PLUGIN_OPERATION_BROKEN', '"Query.user" would require "Query.user(as:)"'),
    ])
    expect(lostOf('role: Role', 'role: Role  of: ID!')).toEqual([
      told(6, 'PLUGIN_OPERATION_BROKEN', '"Filter" would require "Filter.of"'),
    ])
    // What an operation is not broken by.
    for (const [from, to] of [
      ['name: String', 'name: String!'],
      ['Filter!', 'Filter'],
      ['(id: ID)', '(id: ID, as: String! = "x")'],
      ['caller: String', ''],
      ['MEMBER', ''],
    ] as const)
      expect([from, to, lostOf(from, to)]).toEqual([from, to, []])
  })

  test('nothing that can be told where an SDL is none: that is for composition to say', () => {
    expect(lost({ users: 'type {', data })).toEqual([])
    expect(lost({ users }, { sdl: 'type {' })).toEqual([])
  })

  test('of many users the first are named', () => {
    const fields = Array.from({ length: 9 }, (_, n) => `f${n}: Int`).join(' ')
    const sdl = `type Record @key(fields: "id") { id: ID!  ${fields} }`
    expect(lost({ users }, { sdl })).toEqual([
      `1 ${type('Record', '"Record.f0", "Record.f1", "Record.f2", "Record.f3", "Record.f4" and 4 more')}`,
    ])
  })
})
