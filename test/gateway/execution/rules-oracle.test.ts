import fc from 'fast-check'
import { buildSchema, GraphQLError, parse, printSchema } from 'graphql'
import { createMonolith } from '../../federation/oracles.ts'
import { type Args, ask, type Book, fieldsOf, type Journal, planner, type Rule } from './rules-fixture.ts'

/** Rules that refuse, rewrite and count. */
function createBook(): Book {
  let puts = 0
  const byNumber: Rule = (args) => {
    const number = Number(args.n ?? args.id)
    if (number === 2) return { reject: { code: 'TWO', message: 'Not two.' } }
    const key = 'id' in args ? 'id' : 'n'
    return number === 1 ? { args: { ...args, [key]: 11 } } : { args }
  }
  const atMostTwo: Rule = (args) => {
    puts += 1
    return puts > 2 ? { reject: { code: 'TOO_MANY', message: 'Two are enough.' } } : { args }
  }
  return {
    'Query.thing': byNumber,
    'Query.echo': byNumber,
    'Query.sure': byNumber,
    'Mutation.put': atMostTwo,
    'Mutation.sure': byNumber,
  }
}

type Resolve = (root: unknown, args: Args) => unknown

/** graphql-js over one schema, whose resolvers ask the same rules first. */
async function askWhole(query: string, variables: Record<string, unknown>) {
  const journal: Journal = []
  const book = createBook()
  const guarded = (type: 'Query' | 'Mutation', fields: Readonly<Record<string, Resolve>>) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, resolve]): [string, Resolve] => [
        name,
        (root, args) => {
          const coordinate = `${type}.${name}`
          const rule = book[coordinate]
          if (!rule) return resolve(root, args)
          journal.push(`rule ${coordinate} ${JSON.stringify(args)}`)
          const outcome = rule(args)
          if ('reject' in outcome) throw new GraphQLError(outcome.reject.message)
          if ('args' in outcome) return resolve(root, coerced(args, outcome.args))
          throw new Error('No such outcome here.')
        },
      ]),
    )
  const { Query, Mutation } = fieldsOf(journal)
  const answer = createMonolith(buildSchema(printSchema(planner.schema)), {
    Query: { ...guarded('Query', Query), name: () => 'names' },
    Mutation: guarded('Mutation', Mutation),
    Thing: { name: ({ id }: { id: string }) => `no ${id}`, size: () => 1 },
  })
  return { ...(await answer(parse(query), variables)), journal }
}

/** The one type that the rules above do not keep. */
function coerced(before: Args, after: unknown): Args {
  const args = Object(after)
  return typeof before.id === 'string' ? { ...args, id: String(args.id) } : args
}

type Field = { key: string; pick: number; n: number; wrap: number }

const queryFields: ((n: number) => [string, string])[] = [
  (n) => [`thing(id: ${n})`, '{ id name }'],
  (n) => [`echo(n: ${n})`, ''],
  () => ['free', ''],
  () => ['name', ''],
  (n) => [`thing(id: "${n}")`, '{ ...T }'],
  (n) => [`sure(n: ${n})`, ''],
]
const mutationFields: typeof queryFields = [
  (n) => [`put(n: ${n})`, '{ id name }'],
  (n) => [`put(n: ${n})`, '{ ...T }'],
  () => ['free', ''],
  (n) => [`sure(n: ${n})`, '{ name }'],
]

function write(kind: 'query' | 'mutation', fields: readonly Field[]): string {
  const choices = kind === 'query' ? queryFields : mutationFields
  // A key that is said again is the same field with the same arguments, or the operation is not valid.
  const first = new Map(fields.toReversed().map((field) => [field.key, field]))
  const texts = fields.map((said) => {
    const { key } = said
    const { pick, n, wrap: firstWrap } = first.get(key) ?? said
    // A field of a mutation that is said under several conditions is refused.
    const wrap = kind === 'mutation' ? firstWrap : said.wrap
    const [head, selection] = choices[pick % choices.length]?.(n) ?? ['free', '']
    const field = `${key}: ${head}`
    const wraps = [
      `${field} ${selection}`,
      `${field} @include(if: $yes) ${selection}`,
      `${field} @skip(if: $yes) ${selection}`,
      `... { ${field} ${selection} }`,
      `... @skip(if: $no) { ${field} ${selection} }`,
      `... @include(if: $no) { ${field} ${selection} }`,
    ]
    return wraps[wrap]
  })
  return `${kind} ($yes: Boolean! = true, $no: Boolean = false) {
    ${texts.join(' ')} z: __typename @skip(if: $yes) y: __typename @include(if: $yes) ...R @skip(if: $no)
  } fragment R on ${kind === 'query' ? 'Query' : 'Mutation'} { __typename ${kind === 'query' ? 'last: thing(id: 3) { ...T }' : 'last: put(n: 3) { ...T }'} }
  fragment T on Thing { id size }`
}

const operations = fc
  .record({
    kind: fc.constantFrom('query' as const, 'mutation' as const),
    fields: fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c', 'd'),
        pick: fc.nat(5),
        n: fc.integer({ min: 0, max: 3 }),
        wrap: fc.nat(5),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    yes: fc.boolean(),
  })
  .map(({ kind, fields, yes }) => ({ kind, query: write(kind, fields), variables: { yes } }))

test('operations with rules are answered as one schema answers whose resolvers ask them', async () => {
  await fc.assert(
    fc.asyncProperty(operations, async ({ kind, query, variables }) => {
      const whole = await askWhole(query, variables)
      const ours = await ask(query, createBook(), variables)
      expect(JSON.stringify(ours.data)).toBe(JSON.stringify(whole.data))
      if (kind === 'mutation') expect(ours.journal).toEqual(whole.journal)
      const told = ({ errors = [] }: { errors?: readonly { path?: unknown; message: string }[] }) =>
        errors.map(({ path, message }) => JSON.stringify([path, message])).sort()
      // Where the answer is null, how many of its reasons are told is nobody's promise.
      if (ours.data === null && kind === 'query') expect(ours.errors.length).toBeGreaterThan(0)
      else expect(told(ours)).toEqual(told(whole))
    }),
    { numRuns: 60 },
  )
})
