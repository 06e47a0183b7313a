import { extractLinkImplementations } from '@theguild/federation-composition'
import { type ConstDirectiveNode, type DefinitionNode, type DocumentNode, Kind } from 'graphql'

/**
 * The sources with a type's tags on its fields, on those that this source gives it: what another one adds to the type
 * is for the other to show. Composition alone would put them on the whole type.
 */
export function withTagsOnFields<Source extends { typeDefs: DocumentNode }>(
  sources: readonly Source[],
): Source[] {
  return sources.map((source) => {
    const { resolveImportName } = extractLinkImplementations(source.typeDefs)
    const tag = resolveImportName('https://specs.apollo.dev/federation', '@tag')
    const definitions = source.typeDefs.definitions.map((definition) => pushDown(definition, tag))
    return { ...source, typeDefs: { ...source.typeDefs, definitions } }
  })
}

function pushDown(type: DefinitionNode, tag: string): DefinitionNode {
  if (!isComposite(type)) return type
  const isTag = ({ name }: ConstDirectiveNode) => name.value === tag
  const { directives = [], fields = [] } = type
  const tags = directives.filter(isTag)
  return {
    ...type,
    directives: directives.filter((directive) => !isTag(directive)),
    fields: fields.map((field) => ({ ...field, directives: [...(field.directives ?? []), ...tags] })),
  }
}

type Composite = Extract<DefinitionNode, { interfaces?: unknown }>

function isComposite(definition: DefinitionNode): definition is Composite {
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION:
      return true
    default:
      return false
  }
}
