import type { SubgraphSource } from '../../../gateway/composition/compose-for-client.ts'
import { composePlugin, readCore } from './check.ts'

let core: SubgraphSource[]
beforeAll(async () => {
  core = await readCore()
})

/** `CODE line` of each fault, or nothing when it composes. */
function faultsOf(typeDefs: string): string[] {
  const composition = composePlugin(typeDefs, core)
  return composition.ok ? [] : composition.errors.map(({ code, line }) => `${code} ${line ?? '-'}`)
}

const user = (rest: string, on = '') => `type User @key(fields: "id") ${on} { id: ID!\n ${rest} }`

/** As the core has it, but for its argument. */
const externalUser = (argument: string) =>
  `${user('a: Int')} type Query {\n user(${argument}): User @external }`
/** Each type fills in the next one twice. */
const doubling = (steps: number) =>
  `${Array.from({ length: steps }, (_, n) => `input A${n} { a: A${n + 1} = {} b: A${n + 1} = {} }`).join(' ')} input A${steps} { x: Int = 1 }`
const many = (count: number, name: string) => Array.from({ length: count }, (_, n) => name + n)

const cases: Record<string, [code: string, typeDefs: string][]> = {
  'names that are not the author’s to give': [
    ['NAME_RESERVED 1', 'type _Any { a: Int }'],
    ['NAME_RESERVED 1', 'union _Entity = A'],
    ['NAME_RESERVED 1', 'enum join__Graph { PLUGIN }'],
    ['NAME_RESERVED 1', 'type federation__FieldSet { a: Int }'],
    ['NAME_RESERVED 1', 'scalar String'],
    ['NAME_RESERVED 1', 'type constructor { a: Int }'],
    ['NAME_RESERVED 1', 'interface toString { a: Int }'],
    ['NAME_RESERVED 2', '"Any"\ntype _Any { a: Int }'],
    ['NAME_RESERVED 1', 'extend interface Subscription { a: Int }'],
    ['SDL_SYNTAX 1', 'type U\u0455er { a: Int }'],
    ['NAME_RESERVED 1', 'input Mutation { a: Int }'],
    ['NAME_RESERVED 2', 'type Query {\n _service: String }'],
    ['NAME_RESERVED 2', 'type Query {\n _entities(representations: [JSON!]!): [JSON] }'],
    ['NAME_RESERVED 2', 'type Query {\n a(_x: Int): Int }'],
  ],
  'the schema and its features are the platform’s': [
    ['SCHEMA_NOT_ALLOWED 1', 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3")'],
    [
      'SCHEMA_NOT_ALLOWED 1',
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [{ name: "@inaccessible", as: "@own" }])',
    ],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A @link(url: "https://specs.apollo.dev/link/v1.0") { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A @extends { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'enum E { A @inaccessible }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type Query { a(b: Int @inaccessible): Int }'],
    ['SCHEMA_NOT_ALLOWED 1', 'schema { query: Mine } type Mine { a: Int }'],
    ['DIRECTIVE_DEFINED 1', 'directive @mine on OBJECT'],
    ['DIRECTIVE_DEFINED 1', 'directive @key(fields: String) on OBJECT'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A @composeDirective(name: "@x") { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A @federation__shareable { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A @interfaceObject { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A { a: Int @fromContext(field: "$x a") }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type A { a: Int @cost(weight: 0) }'],
    ['NOT_AVAILABLE_YET 1', 'type Subscription { ticks: Int }'],
    ['NOT_A_DEFINITION 1', '{ me { id } }'],
  ],
  'nothing of the core is hidden': [
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@inaccessible')],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type User @key(fields: "id") { id: ID! @inaccessible }'],
    ['DIRECTIVE_NOT_ALLOWED 2', user('email: String @external @inaccessible')],
  ],
  'nothing of the core is shown to partners': [
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@tag(name: "partner")')],
    ['DIRECTIVE_NOT_ALLOWED 2', user('email: String @external @tag(name: "partner")')],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type Query @tag(name: "partner") { a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type Query @key(fields: "a") { a: ID }'],
    ['DIRECTIVE_NOT_ALLOWED 3', externalUser('id: ID! @tag(name: "partner")')],
  ],
  'the core says itself what it is': [
    ['DESCRIPTION_NOT_ALLOWED 1', '"Mine" type Query { a: Int }'],
    ['DESCRIPTION_NOT_ALLOWED 2', `"Mine"\n${user('a: Int')}`],
    ['DESCRIPTION_NOT_ALLOWED 1', 'type User @key(fields: "id") { "Mine" id: ID! a: Int }'],
    ['DESCRIPTION_NOT_ALLOWED 2', user('"Mine" email: String @external a: Int @requires(fields: "email")')],
    ['DESCRIPTION_NOT_ALLOWED 3', externalUser('"Mine" id: ID!')],
  ],
  'nobody else’s guards are set': [
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@requiresScopes(scopes: [["x"]])')],
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@authenticated')],
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@policy(policies: [["x"]])')],
  ],
  'what the core has is not said again, wider or narrower': [
    ['CORE_TYPE_REDECLARED 1', 'enum Role { MEMBER }'],
    ['CORE_TYPE_REDECLARED 1', 'extend enum Role { OWNER }'],
    ['CORE_TYPE_REDECLARED 1', 'input SignInInput { email: String! }'],
    ['CORE_TYPE_REDECLARED 1', 'extend input NotifyInput { to: String! }'],
    ['CORE_TYPE_REDECLARED 1', 'type Session { accessToken: String }'],
    ['CORE_TYPE_REDECLARED 1', 'type Session @shareable { accessToken: String }'],
    ['CORE_TYPE_REDECLARED 1', 'type Series @shareable { key: String }'],
    ['CORE_TYPE_REDECLARED 1', 'type PageInfo @shareable { hasNextPage: Boolean }'],
    ['CORE_TYPE_REDECLARED 1', 'interface User { id: ID! }'],
    ['CORE_TYPE_REDECLARED 1', 'union Record = A type A { a: Int }'],
    ['CORE_TYPE_REDECLARED 1', 'scalar DateTime @specifiedBy(url: "https://example.com")'],
    ['CORE_TYPE_REDECLARED 1', 'extend scalar JSON @tag(name: "partner")'],
  ],
  'a core field is not answered by somebody else': [
    ['CORE_FIELD_REDECLARED 2', user('email: String')],
    ['CORE_FIELD_REDECLARED 2', user('email: String @shareable')],
    ['CORE_FIELD_REDECLARED 2', user('notifications: [Int]')],
    ['CORE_FIELD_REDECLARED 1', 'type Query { me: Int }'],
    ['CORE_FIELD_REDECLARED 1', 'type Mutation { createRecord(collection: String!, data: JSON!): ID }'],
    ['CORE_FIELD_REDECLARED 1', `${user('a: Int')} extend type User { email: String }`.replace('\n', ' ')],
    ['DIRECTIVE_NOT_ALLOWED 2', user('a: Int @shareable')],
    ['DIRECTIVE_NOT_ALLOWED 1', user('email: String', '@shareable')],
    ['PROVIDES_NOT_ALLOWED 1', 'type Query { boss: User @provides(fields: "email") }'],
  ],
  'an entity is known by the core’s keys, as they are': [
    ['ENTITY_WITHOUT_KEY 1', 'type User { a: Int }'],
    ['ENTITY_WITHOUT_KEY 1', 'extend type User { a: Int }'],
    ['KEY_NOT_OF_CORE 1', 'type User @key(fields: "id") @key(fields: "email") { id: ID! email: String }'],
    ['KEY_NOT_OF_CORE 1', 'type User @key(fields: "id name") { id: ID! name: String! }'],
    ['KEY_NOT_OF_CORE 1', 'type User @key(fields: "... on User { id }") { id: ID! a: Int }'],
    ['KEY_NOT_OF_CORE 3', `${user('a: Int')}\nextend type User @key(fields: "email") { email: String }`],
    ['ENTITY_WITHOUT_KEY 1', 'extend type User { id: ID! @external a: Int }'],
    ['ENTITY_WITHOUT_KEY 1', 'type User @key(fields: ["id"]) { id: ID! a: Int }'],
    ['CORE_FIELD_CHANGED 1', 'type User @key(fields: "id") { id: ID a: Int }'],
    ['CORE_FIELD_CHANGED 1', 'type User @key(fields: "id") { id: String! a: Int }'],
    ['CORE_FIELD_CHANGED 1', 'type User @key(fields: "id") { id(salt: Int): ID! a: Int }'],
    ['DIRECTIVE_NOT_ALLOWED 1', 'type User @key(fields: "id") { id: ID! @deprecated(reason: "no") a: Int }'],
    ['CORE_FIELD_CHANGED 2', user('name: String @external a: Int @requires(fields: "name")')],
    ['DIRECTIVE_NOT_ALLOWED 2', user('name: String! @external @deprecated a: Int @requires(fields: "name")')],
    ['DIRECTIVE_NOT_ALLOWED 1', user('a: Int', '@external')],
  ],
  'only what the core marks is replaced, and as it is': [
    ['OVERRIDE_NOT_ALLOWED 2', user('name: String! @override(from: "users")')],
    ['OVERRIDE_NOT_ALLOWED 2', user('email: String @override(from: "data")')],
    ['OVERRIDE_NOT_ALLOWED 2', user('notifications: JSON @override(from: "notifications")')],
    ['OVERRIDE_NOT_ALLOWED 2', user('nick: String @override(from: "users")')],
    ['OVERRIDE_NOT_ALLOWED 1', 'type Mutation { deleteRecord(id: ID!): Boolean @override(from: "data") }'],
    ['OVERRIDE_NOT_ALLOWED 1', 'type Query { me: JSON @override(from: "users") }'],
    ['OVERRIDE_NOT_ALLOWED 1', 'type Mine { a: Int @override(from: "data") }'],
    ['OVERRIDE_NOT_ALLOWED 2', user('unreadCount: Int @override(from: "users")')],
    ['SDL_INVALID 2', user('unreadCount: Int @override(from: "notifications") @override(from: "users")')],
    ['OVERRIDE_NOT_ALLOWED 2', user('unreadCount: Int @override(from: null)')],
    [
      'OVERRIDE_NOT_ALLOWED 2',
      user('unreadCount: Int @override(from: "notifications", label: "percent(1)")'),
    ],
    ['CORE_FIELD_CHANGED 2', user('unreadCount: Int! @override(from: "notifications")')],
    ['CORE_FIELD_CHANGED 2', user('unreadCount(a: Int): Int @override(from: "notifications")')],
    ['DIRECTIVE_NOT_ALLOWED 2', user('unreadCount: Int @override(from: "notifications") @tag(name: "p")')],
    ['DIRECTIVE_NOT_ALLOWED 2', user('unreadCount: Int @override(from: "notifications") @deprecated')],
  ],
  'the platform is not made to choke on it': [
    ['SDL_TOO_LARGE -', `type Query { a: Int } # ${'x'.repeat(256_000)}`],
    ['SDL_TOO_LARGE 1', `type A ${'@key(fields: "id") '.repeat(21)} { id: ID! }`],
    ['SDL_TOO_LARGE 2', `type A {\n a: Int ${'@tag(name: "a") '.repeat(21)} }`],
    ['SDL_TOO_LARGE 1', `type A implements ${many(21, 'I').join(' & ')} { a: Int }`],
    ['SDL_TOO_LARGE -', `enum E { ${many(10_001, 'V').join(' ')} }`],
    ['SDL_TOO_LARGE -', `type Query { a(${many(10_001, 'a').join(': Int ')}: Int): Int }`],
    ['SDL_TOO_LARGE -', `union U = ${many(10_001, 'T').join('|')}`],
    ['SDL_TOO_LARGE -', Array.from({ length: 1_001 }, (_, n) => `scalar S${n}`).join('\n')],
    ['SDL_TOO_LARGE -', `type A { ${Array.from({ length: 5_001 }, (_, n) => `f${n}: Int`).join(' ')} }`],
    ['SDL_TOO_LARGE 1', 'input A { a: A = {} } type Query { q(a: A): Int }'],
    ['SDL_TOO_LARGE 1', 'input A { b: [B!] = [{}] } input B { a: A = {} } type Query { q(a: A): Int }'],
    ['SDL_TOO_LARGE 1', 'input A { a: Int } extend input A { b: A = { a: 1 } } type Query { q(a: A): Int }'],
    ['SDL_TOO_LARGE 1', `${doubling(15)} type Query { q(a: A0): Int }`],
    ['SDL_TOO_LARGE 2', `${doubling(9)}\ntype Query { q(a: [A0!] = [${'{},'.repeat(50)}]): Int }`],
    ['SDL_TOO_LARGE 1', `type Query { q(a: String = "${'x'.repeat(20_000)}"): Int }`],
    ['SDL_SYNTAX -', `type Query { a: ${'['.repeat(100_000)} }`],
    ['SDL_SYNTAX -', 'type Query { a: Int } # \0'],
    ['SDL_SYNTAX -', 'type Query { a: Int } # \ud800'],
    ['SDL_SYNTAX 2', 'type Query {\n a: }'],
  ],
}

describe.each(Object.entries(cases))('%s', (_title, rules) => {
  const named = rules.map(([fault, typeDefs]) => [fault, typeDefs.slice(0, 100).replace('\n', ''), typeDefs])
  test.each(named)('%s: %s', (fault, _shown, typeDefs) => {
    expect(faultsOf(typeDefs)).toContain(fault)
  })
})

test.each([
  ['fields of a core entity', user('tier: Int')],
  [
    'fields that require guarded ones: they are asked for with the rights of whoever asks',
    user('email: String @external hasMail: Boolean @requires(fields: "email")'),
  ],
  ['an entity of its own', 'type Shop @key(fields: "id") { id: ID! name: String } type Query { shop: Shop }'],
  [
    'a core entity as an answer',
    'type Record @key(fields: "id", resolvable: false) { id: ID! } type Query { top: [Record] }',
  ],
  [
    'tags on what is its own',
    `type Mine @tag(name: "partner") { a: Int } ${user('tier: Mine @tag(name: "partner")')}`,
  ],
  [
    'an interface of its own on a core entity',
    `interface Tiered { tier: Int } ${user('tier: Int').replace('User', 'User implements Tiered')}`,
  ],
  [
    'scalars and pages of the platform, said or unsaid',
    'scalar JSON type Query { a: JSON at: DateTime page: PageInfo }',
  ],
  ['a replaceable field', user('unreadCount: Int @override(from: "notifications")')],
  [
    'a replaceable field that requires others',
    'type Record @key(fields: "id") { id: ID! data: JSON! @external title: String @override(from: "data") @requires(fields: "data") }',
  ],
  [
    'defaults, of types with defaults',
    'enum Way { UP DOWN } input Sort { by: String = "name" way: Way = UP and: Sort } type Query { a(sort: [Sort!] = [{}, { way: DOWN, and: {} }], other: Sort): Int }',
  ],
  ['nothing at all', '# a plugin of rules'],
])('allowed: %s', (_what, typeDefs) => {
  expect(faultsOf(typeDefs)).toEqual([])
})
