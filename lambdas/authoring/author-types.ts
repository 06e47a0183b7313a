import { buildSubgraphSchema } from '@apollo/subgraph'
import {
  buildSchema,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLType,
  isAbstractType,
  isInputObjectType,
  isObjectType,
  parse,
} from 'graphql'
import { givenObject, hasDirective, keysOf } from './given-fields.ts'
import { argumentsOf, declarationsOf, reachableTypes, typescriptOf } from './typescript-of-graphql.ts'
import { commentOf, typescriptOfJsonSchema } from './typescript-of-json-schema.ts'

export type AuthorTypesInput = {
  client: string
  /** The client's graph as its own users see it (`Client.sdl`): what rules guard. Null where there is none yet. */
  graph: string | null
  /** Of the plugin as it is now. Null: it has none yet. */
  plugin: { sdl: string; functions: readonly string[] } | null
  /** What a handler can be for: the catalogue, the newest version of each type. */
  events: readonly { type: string; description: string; schema: unknown }[]
}

/**
 * What an editor has to know of a client's supergraph: the text of a declaration file, whose type `Graph` is given to
 * `definePlugin<Graph>`. Pure; the same input gives the same text.
 *
 * @throws {GraphQLError} for SDL that is none
 */
export function authorTypes({ client, graph, plugin, events }: AuthorTypesInput): string {
  const own = plugin ? buildSubgraphSchema([{ typeDefs: parse(plugin.sdl) }]) : null
  const whole = graph === null ? null : buildSchema(graph)
  const functions = new Set(plugin?.functions)
  return [
    `// Written by \`npx trellis types\` from the graph of ${client}: not to be edited.`,
    `import type { BatchResolver, EventHandler, RootResolver, Rule } from '@trellis/sdk/plugin'`,
    `/** For \`definePlugin<Graph>\`. */\nexport type Graph = {\n  resolvers: {${lines(own ? resolvers(own) : [])}}\n  rules: {${lines(whole ? rules(whole) : [])}}\n  on: {${lines(handlers(events))}}\n}`,
    ...declarations(own, whole, functions),
    '',
  ].join('\n\n')
}

/** Root fields have to be answered; of other fields those that something else does not. */
function resolvers(schema: GraphQLSchema): string[] {
  return ownObjects(schema).flatMap((type) => {
    const isRoot = isRootType(schema, type)
    const keyed = new Set(keysOf(type).flatMap((key) => key.match(/\w+/g) ?? []))
    const members = ownFields(type)
      .filter(({ name, astNode }) => isRoot || (!keyed.has(name) && !hasDirective(astNode, 'external')))
      .map((field) => `${field.name}${isRoot ? '' : '?'}: ${resolverOf(type, field, isRoot)}`)
    return members.length === 0 ? [] : [`${type.name}${isRoot ? '' : '?'}: { ${members.join('; ')} }`]
  })
}

function resolverOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, isRoot: boolean): string {
  const args = argumentsOf(field.args)
  if (isRoot) return `RootResolver<${args}, ${typescriptOf(field.type)}>`
  const object = keysOf(type).length > 0 ? givenObject(type, field) : type.name
  return `BatchResolver<${object}, ${args}, ${typescriptOf(field.type)}>`
}

function rules(schema: GraphQLSchema): string[] {
  return rootTypes(schema).flatMap((type) =>
    Object.values(type.getFields()).map(
      ({ name, description, args }) =>
        `${commentOf(description)}'${type.name}.${name}'?: Rule<${argumentsOf(args)}>`,
    ),
  )
}

function handlers(events: AuthorTypesInput['events']): string[] {
  return [
    ...events.map(
      ({ type, description, schema }) =>
        `${commentOf(description)}'${type}'?: EventHandler<${typescriptOfJsonSchema(schema)}>`,
    ),
    `[type: \`plugin.\${string}\`]: EventHandler<unknown> | undefined`,
  ]
}

/** Of the plugin's results and arguments, and of the arguments that rules see. Where both have a type, it is the plugin's. */
function declarations(
  own: GraphQLSchema | null,
  whole: GraphQLSchema | null,
  functions: ReadonlySet<string>,
): string[] {
  const answered = (type: GraphQLObjectType) =>
    ownFields(type).filter(
      ({ name, astNode }) => !functions.has(`${type.name}.${name}`) && !hasDirective(astNode, 'external'),
    )
  const possibleTypes = (type: GraphQLNamedType) =>
    own && isAbstractType(type) ? own.getPossibleTypes(type) : []
  const next = (type: GraphQLNamedType): readonly GraphQLType[] => {
    if (isInputObjectType(type)) return Object.values(type.getFields()).map((field) => field.type)
    return isObjectType(type) ? answered(type).map((field) => field.type) : possibleTypes(type)
  }
  const ofRules = (whole ? rootTypes(whole) : [])
    .flatMap((type) => Object.values(type.getFields()))
    .flatMap(({ args }) => args.map(({ type }) => type))
  const ofResolvers = (own ? ownObjects(own) : [])
    .flatMap((type) => [...(own && isRootType(own, type) ? [] : [type]), ...ownFields(type)])
    .flatMap((part) => ('args' in part ? [part.type, ...part.args.map(({ type }) => type)] : [part]))
  const types = new Map([...reachableTypes(ofRules, next), ...reachableTypes(ofResolvers, next)])
  const inOrder = [...types.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  return declarationsOf(inOrder, answered, possibleTypes)
}

function rootTypes(schema: GraphQLSchema): GraphQLObjectType[] {
  return [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter(
    (type) => type !== null && type !== undefined,
  )
}

function isRootType(schema: GraphQLSchema, type: GraphQLObjectType): boolean {
  return rootTypes(schema).includes(type)
}

function ownObjects(schema: GraphQLSchema): GraphQLObjectType[] {
  return Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('_'))
}

/** Without those that federation adds. */
function ownFields(type: GraphQLObjectType): GraphQLField<unknown, unknown>[] {
  return Object.values(type.getFields()).filter(({ name }) => !name.startsWith('_'))
}

function lines(members: readonly string[]): string {
  return members.length === 0 ? '' : `\n${members.map((member) => `    ${member}`).join('\n')}\n  `
}
