import { type Arbitrary, array, constant, constantFrom, oneof, option, record, tuple } from 'fast-check'

/**
 * SDL of an author who tries everything: types and fields of the core and of their own, said again in other ways, with
 * every directive there is. Most of it is refused; what is not has to be harmless.
 */
const names = ['User', 'Item', 'Money', 'Colour', 'Wish', 'Node', 'Thing', 'Mine', 'Query', 'Mutation']
const fieldNames = [
  'id',
  'sku',
  'email',
  'name',
  'title',
  'amount',
  'owner',
  'me',
  'items',
  'rename',
  'own',
  'more',
]
const types = ['ID!', 'ID', 'String', 'String!', 'Int', '[Item]', 'User', 'Item!', 'Colour', 'Mine', 'Money']
const onFields = [
  '',
  '',
  '',
  '@external',
  '@shareable',
  '@override(from: "users")',
  '@override(from: "items")',
  '@requires(fields: "email")',
  '@requires(fields: "name")',
  '@inaccessible',
  '@tag(name: "partner")',
  '@deprecated',
  '@provides(fields: "name")',
  '@authenticated',
  '@federation__shareable',
  '@override(from: "items", label: "percent(5)")',
]
const onTypes = [
  '',
  '',
  '@key(fields: "id")',
  '@key(fields: "id")',
  '@key(fields: "sku")',
  '@key(fields: "id name")',
  '@key(fields: "email")',
  '@key(fields: "id", resolvable: false)',
  '@shareable',
  '@interfaceObject',
  '@tag(name: "x")',
  '@external',
  '@extends',
]

const field: Arbitrary<string> = record({
  name: constantFrom(...fieldNames),
  args: constantFrom('', '', '', '(of: Int)', '(id: ID!)', '(first: Int = 3)'),
  type: constantFrom(...types),
  directive: constantFrom(...onFields),
}).map(({ name, args, type, directive }) => `${name}${args}: ${type} ${directive}`)

/** An entity as it should be, so that enough of what is generated gets as far as composition. */
const extension: Arbitrary<string> = tuple(
  constantFrom('User', 'Item'),
  constantFrom('', '', 'implements Thing'),
  array(
    oneof(
      field,
      constantFrom(
        'own: Int',
        'more(first: Int = 3): [Mine]',
        'own: String @tag(name: "partner")',
        'title: String @override(from: "items")',
        'email: String @external mail: Boolean @requires(fields: "email")',
      ),
    ),
    { maxLength: 3 },
  ),
).map(
  ([name, implemented, fields]) =>
    `type ${name} ${implemented} @key(fields: "id") { id: ID! ${fields.join(' ')} }`,
)

const definition: Arbitrary<string> = oneof(
  { weight: 4, arbitrary: extension },
  record({
    word: constantFrom('type', 'type', 'extend type', 'interface', 'input', 'extend interface'),
    name: constantFrom(...names),
    directives: array(constantFrom(...onTypes), { maxLength: 2 }),
    fields: array(field, { minLength: 1, maxLength: 4 }),
  }).map(
    ({ word, name, directives, fields }) => `${word} ${name} ${directives.join(' ')} { ${fields.join(' ')} }`,
  ),
  constantFrom(
    'enum Colour { RED }',
    'extend enum Colour { BLUE }',
    'union Node = User | Mine',
    'scalar Money',
    'enum Own { A B }',
    'type Query { own: User }',
    'type Mutation { own: Int }',
    'type Mine { more: Int }',
    'interface Thing { id: ID! }',
    'type Money @shareable { amount: Int!  currency: String! }',
    'extend union Found = Mine',
    'input Own { a: Int }',
  ),
)

export const hostileSdl: Arbitrary<string> = tuple(
  array(definition, { minLength: 1, maxLength: 4 }),
  option(constant('type Mine { more: Int }'), { nil: '' }),
).map(([definitions, mine]) => [...definitions, mine].join('\n'))
