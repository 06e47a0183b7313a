import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  isIntrospectionType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql'

/** Both schemas of one supergraph, built from text. Immutable, shared by all clients whose supergraphs are equal. */
export type GraphSchemas = {
  /** What clients see. */
  schema: GraphQLSchema
  /** Every type of every subgraph. The same as `schema` where that hides nothing. */
  supergraph: GraphQLSchema
}

export function buildSchemas(apiSdl: string, supergraphSdl: string): GraphSchemas {
  const schema = schemaOf(apiSdl)
  // Whatever is hidden is hidden by this directive; under another name its specification is still linked by its own.
  const hidesNothing = !supergraphSdl.includes('inaccessible')
  return { schema, supergraph: hidesNothing ? schema : schemaOf(supergraphSdl) }
}

/**
 * Without what is most of it and what nobody reads: the syntax tree it was built from, and an empty dictionary for the
 * extensions of each field and argument.
 */
function schemaOf(sdl: string): GraphQLSchema {
  const schema = buildSchema(sdl, { assumeValid: true, noLocation: true })
  for (const part of partsOf(schema)) {
    part.astNode = undefined
    part.extensions = noExtensions
    if ('extensionASTNodes' in part) part.extensionASTNodes = []
  }
  return schema
}

const noExtensions: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null))

type Part = { astNode?: unknown; extensionASTNodes?: readonly unknown[]; extensions: typeof noExtensions }

/** All of it that is its own: what is specified belongs to all schemas. */
function* partsOf(schema: GraphQLSchema): Generator<Part> {
  yield schema
  for (const directive of schema.getDirectives()) {
    if (!isSpecifiedDirective(directive)) yield* [directive, ...directive.args]
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isIntrospectionType(type) && !isSpecifiedScalarType(type)) yield* partsOfType(type)
  }
}

function* partsOfType(type: GraphQLNamedType): Generator<Part> {
  yield type
  if ('getValues' in type) yield* type.getValues()
  if (!('getFields' in type)) return
  for (const field of Object.values(type.getFields())) {
    yield field
    if ('args' in field) yield* field.args
  }
}
