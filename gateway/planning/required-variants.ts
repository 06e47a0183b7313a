import {
  type ArgumentNode,
  buildASTSchema,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
} from 'graphql'

export type RequiredVariant = {
  /** The field it stands for. */
  field: string
  arguments: readonly ArgumentNode[]
}

type Place = { typeName: string; fieldName: string }

/** The fields that stand for required fields with arguments while Apollo's planner is at work. */
export type RequiredVariants = {
  /** The selection of a `@requires` with its fields that take arguments replaced. `place`: who requires it. */
  replaceIn(selection: string, place: Place): string
  /** Names of the variants of a field in a type. */
  of(typeName: string, fieldName: string): string[]
  get(name: string): RequiredVariant | undefined
  /** Names of the variants that a field of a type requires, in whichever subgraph. */
  requiredBy(typeName: string, fieldName: string): ReadonlySet<string>
  isEmpty(): boolean
}

/** @param supergraph to find out which fields take arguments, once something is required */
export function createVariants(supergraph: DocumentNode): RequiredVariants {
  let built: GraphQLSchema | undefined
  const schemaOf = () => (built ??= buildASTSchema(supergraph, { assumeValid: true }))
  const variants = new Map<string, RequiredVariant>()
  const names = new Map<string, string>()
  const byField = new Map<string, Set<string>>()
  const byDependant = new Map<string, Set<string>>()

  const nameFor = (field: string, args: readonly ArgumentNode[]): string => {
    const key = `${field}(${args.map(print).sort().join()})`
    const name = names.get(key) ?? `${field}__required${names.size}`
    names.set(key, name)
    variants.set(name, { field, arguments: args })
    return name
  }
  const replaceField = (
    field: FieldNode,
    type: GraphQLNamedType | undefined,
    dependant: string,
  ): FieldNode => {
    const definition = fieldOf(type, field.name.value)
    const inner = field.selectionSet && {
      selectionSet: replace(field.selectionSet, definition && getNamedType(definition.type), dependant),
    }
    if (!type || !definition || definition.args.length === 0) return { ...field, ...inner }
    const name = nameFor(definition.name, field.arguments ?? [])
    for (const typeName of typesWith(type, schemaOf())) addTo(byField, `${typeName}.${definition.name}`, name)
    addTo(byDependant, dependant, name)
    return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name }, ...inner }
  }
  const replace = (
    selectionSet: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    dependant: string,
  ): SelectionSetNode => ({
    ...selectionSet,
    selections: selectionSet.selections.map((selection) => {
      if (selection.kind === Kind.FIELD) return replaceField(selection, type, dependant)
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection
      const on = selection.typeCondition ? schemaOf().getType(selection.typeCondition.name.value) : type
      return { ...selection, selectionSet: replace(selection.selectionSet, on, dependant) }
    }),
  })

  return {
    replaceIn(selection, { typeName, fieldName }) {
      const selectionSet = readSelection(selection)
      const replaced = replace(selectionSet, schemaOf().getType(typeName), `${typeName}.${fieldName}`)
      return stripIgnoredCharacters(print(replaced)).slice(1, -1)
    },
    of: (typeName, fieldName) => [...(byField.get(`${typeName}.${fieldName}`) ?? [])],
    get: (name) => variants.get(name),
    requiredBy: (typeName, fieldName) => byDependant.get(`${typeName}.${fieldName}`) ?? new Set(),
    isEmpty: () => variants.size === 0,
  }
}

/** A field of an interface is a field of every type that implements it: the planner may look for it there. */
function typesWith(type: GraphQLNamedType, schema: GraphQLSchema): string[] {
  if (!isInterfaceType(type)) return [type.name]
  const { objects, interfaces } = schema.getImplementations(type)
  return [type, ...objects, ...interfaces].map(({ name }) => name)
}

function fieldOf(
  type: GraphQLNamedType | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  return isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined
}

function readSelection(selection: string): SelectionSetNode {
  const [definition] = parse(`{${selection}}`, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`Not a selection: ${selection}`)
  return definition.selectionSet
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key) ?? new Set()
  set.add(value)
  sets.set(key, set)
}
