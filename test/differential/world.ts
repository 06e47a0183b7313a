import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import {
  buildSchema,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  parse,
} from 'graphql'
import { type Field, fieldNamed, type Model, type ObjectType, objectNamed } from './model.ts'
import { subgraphSdl, wholeSdl } from './print-sdl.ts'
import { topFields } from './required-fields.ts'
import { type Instance, isInstance, type Sent, type Truth } from './truth.ts'

/** What happened while one operation ran. Resolvers are given it as their context. */
export type Happening = {
  /** The mutations that took place, in order. */
  log: string[]
  /** The number of the event that a subscription answers. */
  event: number
  /** What a subgraph was asked that it could not read. */
  mishaps: string[]
}

/** A schema and how its fields are resolved. */
export type Served = {
  schema: GraphQLSchema
  fieldResolver: GraphQLFieldResolver<unknown, Happening>
  typeResolver: GraphQLTypeResolver<unknown, Happening>
}

export const events = 2

const askedTooEarly = 'The plan asks for a field before it has what that requires:'
const askedForExternal = 'The plan asks for an external field:'

/** graphql-js over one schema that holds everything. */
export function serveWhole(model: Model, truth: Truth): Served {
  return {
    schema: buildSchema(wholeSdl(model)),
    typeResolver,
    fieldResolver(source, args, happening, { parentType, fieldName }) {
      const instance = instanceFor(model, source, parentType.name)
      const field = fieldNamed(instance.type, fieldName)
      const required = field.requires === null ? undefined : truth.required(instance, field.requires)
      return truth.read(instance, field, {
        args,
        required,
        circumstance: circumstance(instance, field, { args, happening }),
      })
    },
  }
}

/** One subgraph, with what it would answer wrongly were it asked for what is not its own. */
export function serveSubgraph(model: Model, subgraph: string, truth: Truth): Served {
  const typeDefs = parse(subgraphSdl(model, subgraph))
  const resolvers: GraphQLResolverMap<Happening> = {}
  const reference = (sent: Sent & { __typename: string }): Instance => {
    const instance = truth.find(sent.__typename, sent)
    if (!instance) throw new Error(`Nothing is known by ${JSON.stringify(sent)}.`)
    return {
      ...instance,
      __typename: isObjectified(sent.__typename) ? sent.__typename : instance.__typename,
      sent,
    }
  }
  const isObjectified = (name: string) =>
    model.interfaces.some((one) => one.name === name && one.entity?.object === subgraph)
  for (const { name, homes } of model.objects)
    if (homes.get(subgraph)?.length) resolvers[name] = { __resolveReference: reference }
  for (const { name, entity } of model.interfaces) {
    if (entity?.object === subgraph) resolvers[name] = { __resolveReference: reference }
    if (entity?.home === subgraph) resolvers[name] = { __resolveReference: reference, __resolveType: typeOf }
  }
  return {
    schema: buildSubgraphSchema([{ typeDefs, resolvers }]),
    typeResolver,
    fieldResolver(source, args, happening, { parentType, fieldName }) {
      const instance = instanceFor(model, source, parentType.name)
      const field = fieldNamed(instance.type, fieldName)
      const isOwn = field.isKey || field.owners.has(subgraph)
      const stale = isOwn || field.isProvided ? '' : 'stale'
      if (field.external.has(subgraph) && stale)
        happening.mishaps.push(`${askedForExternal} ${parentType.name}.${fieldName} of ${subgraph}`)
      const required = requiredBy(field, instance, happening)
      const what = {
        args,
        required,
        circumstance: stale + circumstance(instance, field, { args, happening }),
      }
      return named(truth.read(instance, field, what))
    },
  }

  function requiredBy({ name, requires, owners }: Field, instance: Instance, happening: Happening): unknown {
    if (requires === null || !owners.has(subgraph)) return undefined
    const { type, sent } = instance
    if (sent) return truth.requiredOf(type, sent, requires)
    // What a subgraph provides it has at hand, and the gateway need not send.
    const isAtHand = topFields(requires).every((one) => fieldNamed(type, one).isProvided)
    if (!isAtHand) happening.mishaps.push(`${askedTooEarly} ${type.name}.${name} of ${subgraph}`)
    return truth.required(instance, requires)
  }

  /** Where the subgraph has an interface object, it knows no other name for what is behind it. */
  function named(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(named)
    if (!isInstance(value)) return value
    const [objectified] = model.interfaces.filter(
      ({ entity, implementers }) => entity?.object === subgraph && implementers.includes(value.type.name),
    )
    return objectified ? { ...value, __typename: objectified.name } : { ...value }
  }
}

function instanceFor(model: Model, source: unknown, typename: string): Instance {
  if (isInstance(source)) return source
  return { __typename: typename, type: objectNamed(model, typename), key: '' }
}

type Call = { args: Record<string, unknown>; happening: Happening }

/** A mutation takes place, and tells what took place before it; an event is told by its number. */
function circumstance({ type }: { type: ObjectType }, field: Field, { args, happening }: Call): string {
  if (type.name === 'Subscription') return `event ${happening.event}`
  if (type.name !== 'Mutation') return ''
  happening.log.push(`${field.name}(${JSON.stringify(args)})`)
  return `after ${happening.log.length}`
}

const typeOf = (value: unknown) => (isInstance(value) ? value.__typename : undefined)
const typeResolver: GraphQLTypeResolver<unknown, Happening> = typeOf
