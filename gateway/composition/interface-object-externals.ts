import {
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  parse,
  parseConstValue,
  print,
} from 'graphql'

type Source = { name: string; typeDefs: DocumentNode }

/** `Type.field` of interface objects, and the subgraphs where it is external. */
type Externals = ReadonlyMap<string, ReadonlySet<string>>

/**
 * The supergraph with what the composition library forgets: a field of an interface object stays external where each
 * subgraph with the interface has it. Without that mark the planner takes it for resolved there, and never sends what
 * a `@requires` needs.
 */
export function withExternalsOfInterfaceObjects(supergraphSdl: string, sources: readonly Source[]): string {
  const externals = externalsOf(sources)
  if (externals.size === 0) return supergraphSdl
  const supergraph = parse(supergraphSdl, { noLocation: true })
  const graphs = graphNames(supergraph)
  const definitions = supergraph.definitions.map((type) =>
    type.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? { ...type, fields: type.fields?.map((field) => markExternal(field, type, { externals, graphs })) }
      : type,
  )
  return print({ ...supergraph, definitions })
}

function externalsOf(sources: readonly Source[]): Externals {
  const found = new Map<string, Set<string>>()
  for (const { name, typeDefs } of sources) {
    for (const type of typeDefs.definitions) {
      if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
      if (!has(type.directives, 'interfaceObject')) continue
      for (const field of type.fields ?? []) {
        const coordinate = `${type.name.value}.${field.name.value}`
        if (has(field.directives, 'external')) {
          found.set(coordinate, new Set([...(found.get(coordinate) ?? []), name]))
        }
      }
    }
  }
  return found
}

/** Imported, or under its full name. */
function has(directives: readonly DirectiveNode[] | undefined, name: string): boolean {
  return (
    directives?.some((one) => one.name.value === name || one.name.value === `federation__${name}`) ?? false
  )
}

/** The subgraph behind each value of `join__Graph`. */
function graphNames({ definitions }: DocumentNode): ReadonlyMap<string, string> {
  const enumType = definitions.find(
    (definition) => definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph',
  )
  const values = enumType?.kind === Kind.ENUM_TYPE_DEFINITION ? (enumType.values ?? []) : []
  return new Map(
    values.map(({ name, directives }) => [name.value, argumentOf(directives?.[0], 'name') ?? name.value]),
  )
}

function argumentOf(directive: ConstDirectiveNode | undefined, name: string): string | undefined {
  const value = directive?.arguments?.find((argument) => argument.name.value === name)?.value
  return value?.kind === Kind.STRING || value?.kind === Kind.ENUM ? value.value : undefined
}

type Marking = { externals: Externals; graphs: ReadonlyMap<string, string> }

function markExternal(
  field: FieldDefinitionNode,
  { name, directives = [] }: InterfaceTypeDefinitionNode,
  { externals, graphs }: Marking,
): FieldDefinitionNode {
  const external = externals.get(`${name.value}.${field.name.value}`)
  if (!external || has(field.directives, 'join__field')) return field
  const ids = directives
    .filter((directive) => directive.name.value === 'join__type')
    .flatMap((directive) => argumentOf(directive, 'graph') ?? [])
  const joins = [...new Set(ids)].map((id) => joinField(id, external.has(graphs.get(id) ?? id)))
  return { ...field, directives: [...(field.directives ?? []), ...joins] }
}

function joinField(graph: string, isExternal: boolean): ConstDirectiveNode {
  const argument = (name: string, value: string) => ({
    kind: Kind.ARGUMENT as const,
    name: { kind: Kind.NAME as const, value: name },
    value: parseConstValue(value),
  })
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: 'join__field' },
    arguments: [argument('graph', graph), ...(isExternal ? [argument('external', 'true')] : [])],
  }
}
