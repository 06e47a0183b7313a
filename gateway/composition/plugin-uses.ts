import {
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLError,
  Kind,
  type NamedTypeNode,
  parse,
  type SelectionSetNode,
  visit,
} from 'graphql'
import {
  argumentOf,
  hasDirective,
  isObjectType,
  keysOf,
  type ObjectTypeNode,
  topFields,
} from './core-types.ts'
import { parseSource } from './parse-source.ts'

/** What a plugin uses of the core. */
export type PluginUse = {
  /** A type or a field: `User`, `User.name`. */
  of: string
  /** What of the plugin, for people to read: `"User.badge" (@requires)`. */
  by: string
  /** In the plugin's SDL, from 1. */
  line: number | null
}

/**
 * Everything that a plugin's SDL uses and does not define itself: types that it extends, answers with or takes, and the
 * fields that its keys, `@requires`, `@external` and `@override` name.
 *
 * @throws {GraphQLError} when the text is no SDL
 */
export function usesOf(sdl: string): PluginUse[] {
  const { typeDefs } = parseSource(sdl)
  const objects = typeDefs.definitions.filter(isObjectType)
  const keys = new Map<string, string[]>()
  for (const node of objects)
    keys.set(node.name.value, [...(keys.get(node.name.value) ?? []), ...keysOf(node)])
  const entities = new Set([...keys].flatMap(([type, sets]) => (sets.length > 0 ? [type] : [])))
  const types = readFieldTypes(typeDefs)
  const ofFields = (usesOf: (field: FieldDefinitionNode, holder: Holder) => PluginUse[]) =>
    objects.flatMap(({ name: { value: type }, fields = [] }) =>
      fields.flatMap((field) => usesOf(field, { type, keys: keys.get(type) ?? [], types })),
    )
  return [
    ...objects.flatMap((node) => usesOfKeys(node, types)),
    ...ofFields(usesOfField),
    ...typesNamed(typeDefs),
    // Last: of a field that is gone, those who require it say more.
    ...ofFields(itself),
    // Of all types, only entities are not the plugin's own.
  ].filter(({ of }) => of.includes('.') || entities.has(of))
}

/** The named type of each field, by coordinate. */
type FieldTypes = ReadonlyMap<string, string>

type Holder = { type: string; keys: readonly string[]; types: FieldTypes }

function usesOfKeys(node: ObjectTypeNode, types: FieldTypes): PluginUse[] {
  const { value: type } = node.name
  const line = node.name.loc?.startToken.line ?? null
  return keysOf(node)
    .flatMap((key) => coordinatesIn(key, type, types))
    .map((of) => ({ of, by: `"${type}" (@key)`, line }))
}

function usesOfField(field: FieldDefinitionNode, { type, keys, types }: Holder): PluginUse[] {
  const coordinate = `${type}.${field.name.value}`
  const line = lineOf(field)
  const requires = field.directives?.find(({ name }) => name.value === 'requires')
  const required = requires ? coordinatesIn(argumentOf(requires, 'fields') ?? '', type, types) : []
  const isOwn = !coreDirective(field) && !keys.flatMap(topFields).includes(field.name.value)
  return [
    ...required.map((of) => ({ of, by: `"${coordinate}" (@requires)`, line })),
    ...(isOwn ? [{ of: type, by: `"${coordinate}"`, line }] : []),
  ]
}

/** A field of the core, as one that the plugin reads or answers in its place. */
function itself(field: FieldDefinitionNode, { type }: Holder): PluginUse[] {
  const of = `${type}.${field.name.value}`
  const directive = coreDirective(field)
  return directive ? [{ of, by: `"${of}" (@${directive})`, line: lineOf(field) }] : []
}

function coreDirective(field: FieldDefinitionNode): string | undefined {
  return ['external', 'override'].find((name) => hasDirective(field, name))
}

/** What fields answer with and take, and what unions are made of. */
function typesNamed(typeDefs: DocumentNode): PluginUse[] {
  return typeDefs.definitions.flatMap((node): PluginUse[] => {
    if (!('name' in node) || !node.name) return []
    const { value: name } = node.name
    if (node.kind === Kind.UNION_TYPE_DEFINITION || node.kind === Kind.UNION_TYPE_EXTENSION)
      return (node.types ?? []).map((type) => ({ of: type.name.value, by: `"${name}"`, line: lineOf(node) }))
    if (!('fields' in node)) return []
    return (node.fields ?? []).flatMap((field) =>
      namedTypesIn(field).map((of) => ({ of, by: `"${name}.${field.name.value}"`, line: lineOf(field) })),
    )
  })
}

function namedTypesIn(node: Parameters<typeof visit>[0]): string[] {
  const names: string[] = []
  visit(node, {
    NamedType({ name }: NamedTypeNode) {
      names.push(name.value)
    },
  })
  return names
}

function readFieldTypes({ definitions }: DocumentNode): FieldTypes {
  const types = new Map<string, string>()
  for (const node of definitions.filter(isObjectType))
    for (const { name, type } of node.fields ?? [])
      types.set(`${node.name.value}.${name.value}`, namedTypesIn(type)[0] ?? '')
  return types
}

/** The fields that a field set names: `Record.owner` and `User.name` of `owner { name }`. */
function coordinatesIn(fieldSet: string, type: string, types: FieldTypes): string[] {
  try {
    const [operation] = parse(`{${fieldSet}}`, { noLocation: true }).definitions
    return operation?.kind === Kind.OPERATION_DEFINITION
      ? coordinatesOf(operation.selectionSet, type, types)
      : []
  } catch (error) {
    // A fault of composition.
    if (error instanceof GraphQLError) return []
    throw error
  }
}

function coordinatesOf({ selections }: SelectionSetNode, type: string, types: FieldTypes): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return coordinatesOf(selection.selectionSet, selection.typeCondition?.name.value ?? type, types)
    const coordinate = `${type}.${selection.name.value}`
    const { selectionSet } = selection
    return [
      coordinate,
      ...(selectionSet ? coordinatesOf(selectionSet, types.get(coordinate) ?? '', types) : []),
    ]
  })
}

function lineOf({ name }: { name: { loc?: { startToken: { line: number } } } }): number | null {
  return name.loc?.startToken.line ?? null
}
