import { transformSupergraphToPublicSchema } from '@theguild/federation-composition'
import { type ConstDirectiveNode, type DefinitionNode, type DocumentNode, Kind, parse, print } from 'graphql'
import { type Contract, readContract } from './read-contract.ts'

/** In every contract that something of it leads to: `PageInfo` and its like. */
const sharedTag = 'shared'

/**
 * The part of a supergraph that partners with these tags see. All else is there for the planner and the executor, which
 * may need it (a key, a required field), and is marked `@inaccessible`: no API schema has it, so that introspection,
 * validation, suggestions and errors know nothing of it.
 *
 * A field is in the contract when it has one of the tags and leads somewhere: an object of which nothing is left goes,
 * with every field that answers it. Arguments, and the types of their values, come with their field; a field of an
 * interface has to be in the contract of every type that implements it. What cannot be reached from a root is gone.
 *
 * @returns null when nothing is left to ask
 */
export function contractOf(supergraphSdl: string, tags: readonly string[]): string | null {
  const supergraph = parse(supergraphSdl, { noLocation: true })
  const publicSchema = transformSupergraphToPublicSchema(supergraph)
  const contract = readContract({ supergraph, publicSchema }, new Set([...tags, sharedTag]))
  return contract && print(withInaccessible(supergraph, contract))
}

const inaccessible: ConstDirectiveNode = {
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: 'inaccessible' },
}

const specification = parse(`
  schema @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY) { query: Query }
  directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM |
    ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION`)

function withInaccessible(supergraph: DocumentNode, contract: Contract): DocumentNode {
  const definitions = supergraph.definitions.map((definition) => hide(definition, contract))
  return { ...supergraph, definitions: withSpecification(definitions) }
}

function hide(definition: DefinitionNode, { candidates, types, fields }: Contract): DefinitionNode {
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION: {
      const type = definition.name.value
      if (!candidates.has(type)) return definition
      if (!types.has(type)) return marked(definition)
      const visible = fields.get(type)
      const hidden = definition.fields?.map((field) =>
        visible?.has(field.name.value) ? field : marked(field),
      )
      return { ...definition, ...(hidden && { fields: hidden }) }
    }
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.SCALAR_TYPE_DEFINITION:
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
      const type = definition.name.value
      return candidates.has(type) && !types.has(type) ? marked(definition) : definition
    }
    default:
      return definition
  }
}

function marked<Node extends { readonly directives?: readonly ConstDirectiveNode[] | undefined }>(
  node: Node,
): Node {
  const { directives = [] } = node
  if (directives.some(({ name }) => name.value === 'inaccessible')) return node
  return { ...node, directives: [...directives, inaccessible] }
}

/** A supergraph of modules that hide nothing does not know the directive. */
function withSpecification(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const isKnown = definitions.some(
    (definition) => definition.kind === Kind.DIRECTIVE_DEFINITION && definition.name.value === 'inaccessible',
  )
  if (isKnown) return [...definitions]
  const [schema, directive] = specification.definitions
  const links = schema?.kind === Kind.SCHEMA_DEFINITION ? (schema.directives ?? []) : []
  const linked = definitions.map((definition) =>
    definition.kind === Kind.SCHEMA_DEFINITION
      ? { ...definition, directives: [...(definition.directives ?? []), ...links] }
      : definition,
  )
  return directive ? [...linked, directive] : linked
}
