import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  parse,
  validate,
} from 'graphql'
import { createArguments, type Variables } from './generate-arguments.ts'
import type { Random } from './random.ts'

export type Operation = {
  kind: 'query' | 'mutation' | 'subscription'
  text: string
  /** As a client sends them. */
  variables: Record<string, unknown>
}

const attempts = 30

/** A valid operation; null where none was found. */
export function generateOperation(schema: GraphQLSchema, random: Random): Operation | null {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const operation = write(schema, random)
    if (validate(schema, parse(operation.text)).length === 0) return operation
  }
  return null
}

type Writing = { schema: GraphQLSchema; random: Random; fragments: Fragment[]; args: Variables }
type Fragment = { name: string; on: string; text: string }

function write(schema: GraphQLSchema, random: Random): Operation {
  const [mutation, subscription] = [schema.getMutationType(), schema.getSubscriptionType()]
  const isMutation = mutation && random.chance(0.15)
  const kind = isMutation ? 'mutation' : subscription && random.chance(0.15) ? 'subscription' : 'query'
  const root = schema.getRootType(kind as never) ?? schema.getQueryType()
  if (!root) throw new Error('The schema has no queries.')
  const writing: Writing = { schema, random, fragments: [], args: createArguments(random) }
  const selected =
    kind === 'subscription'
      ? `{ ${writeField(writing, random.pick(Object.values(root.getFields())), { depth: 4, owner: root, isBare: true })} }`
      : writeSelection(writing, root, 5)
  const { declarations, values } = writing.args
  const head = declarations.length > 0 ? ` Q(${declarations.join(', ')})` : random.chance(0.3) ? ' Q' : ''
  const fragments = writing.fragments.map(({ name, on, text }) => `fragment ${name} on ${on} ${text}`)
  return { kind, text: [`${kind}${head} ${selected}`, ...fragments].join('\n'), variables: values }
}

function writeSelection(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { random } = writing
  const count = 1 + random.int(depth > 3 ? 4 : 3)
  const items = Array.from({ length: count }, () => writeItem(writing, type, depth))
  return `{ ${items.join(' ')} }`
}

function writeItem(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { random } = writing
  const isRoot = type === writing.schema.getQueryType()
  const luck = random.int(100)
  if (luck < 10)
    return `${random.chance(0.4) ? `${random.pick(['a', 'kind', 'id'])}: ` : ''}__typename${directives(writing)}`
  if (luck < (isAbstractType(type) ? 45 : 22)) return writeFragment(writing, type, depth)
  if (isRoot && luck > 95)
    return random.pick(['__schema { queryType { name } }', '__type(name: "E0") { kind name }'])
  const fields = isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []
  const fitting =
    depth > 0 ? fields : fields.filter(({ type: returned }) => !isCompositeType(getNamedType(returned)))
  if (fitting.length === 0)
    return isAbstractType(type) && depth > 0 ? writeFragment(writing, type, depth) : '__typename'
  return writeField(writing, random.pick(fitting), { depth, owner: type, isBare: false })
}

type At = { depth: number; owner: GraphQLCompositeType; isBare: boolean }

function writeField(
  writing: Writing,
  field: GraphQLField<unknown, unknown>,
  { depth, owner, isBare }: At,
): string {
  const { random } = writing
  const siblings = 'getFields' in owner ? Object.keys(owner.getFields()) : []
  const alias = random.chance(0.25) ? `${random.pick(['a', 'b', 'c', ...siblings])}: ` : ''
  const named = getNamedType(field.type)
  const inner = isCompositeType(named) ? ` ${writeSelection(writing, named, depth - 1)}` : ''
  const args = writing.args.write(field.args)
  return `${alias}${field.name}${args}${isBare ? '' : directives(writing)}${inner}`
}

function writeFragment(writing: Writing, type: GraphQLCompositeType, depth: number): string {
  const { random, schema, fragments } = writing
  const reusable = fragments.filter(({ on }) => on === type.name)
  if (reusable.length > 0 && random.chance(0.4))
    return `...${random.pick(reusable).name}${directives(writing)}`
  const on = random.pick(conditionsFor(schema, type))
  const text = writeSelection(
    writing,
    on,
    Math.max(0, depth - (on === type ? 1 : 0)) - (random.chance(0.3) ? 1 : 0),
  )
  if (random.chance(0.3)) {
    const fragment = { name: `F${fragments.length}`, on: on.name, text }
    fragments.push(fragment)
    return `...${fragment.name}${directives(writing)}`
  }
  const condition = on === type && random.chance(0.4) ? '' : ` on ${on.name}`
  return `...${condition}${directives(writing)} ${text}`
}

function conditionsFor(schema: GraphQLSchema, type: GraphQLCompositeType): GraphQLCompositeType[] {
  const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
  const wider = Object.values(schema.getTypeMap()).filter(
    (candidate) => isAbstractType(candidate) && possible.some((one) => schema.isSubType(candidate, one)),
  )
  return [type, ...possible, ...possible, ...wider.filter(isCompositeType)]
}

function directives({ random, args }: Writing): string {
  if (!random.chance(0.12)) return ''
  const condition = random.chance(0.6) ? args.variable('Boolean!') : String(random.chance(0.5))
  const other = random.chance(0.2) ? ` @skip(if: ${args.variable('Boolean!')})` : ''
  return ` @${other || random.chance(0.6) ? 'include' : 'skip'}(if: ${condition})${other}`
}
