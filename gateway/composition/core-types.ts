import {
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  print,
  stripIgnoredCharacters,
  visit,
} from 'graphql'

/** What the modules of a client own: no plugin may change it. By name. */
export type CoreTypes = ReadonlyMap<string, CoreType>

export type CoreType = {
  isEntity: boolean
  /** As in `@key(fields:)`, normalized. */
  keys: ReadonlySet<string>
  /** By name. */
  fields: ReadonlyMap<string, CoreField>
  /** The definitions, without descriptions and tags: who says exactly the same changes nothing. */
  definitions: ReadonlySet<string>
}

export type CoreField = {
  /** Arguments and type. */
  signature: string
  /** The modules that answer it. */
  modules: ReadonlySet<string>
  /** Whether a client may answer it instead: marked with `@replaceable`. */
  isReplaceable: boolean
}

type MutableType = {
  isEntity: boolean
  keys: Set<string>
  fields: Map<string, { signature: string; modules: Set<string>; isReplaceable: boolean }>
  definitions: Set<string>
}

/** Reads what belongs to modules out of their SDL. */
export function readCoreTypes(modules: readonly { name: string; typeDefs: DocumentNode }[]): CoreTypes {
  const types = new Map<string, MutableType>()
  for (const { name: module, typeDefs } of modules) {
    for (const node of typeDefs.definitions) {
      const name = typeName(node)
      if (name === null) continue
      const type = types.get(name) ?? {
        isEntity: false,
        keys: new Set(),
        fields: new Map(),
        definitions: new Set(),
      }
      types.set(name, type)
      type.definitions.add(definitionText(withoutTags(node)))
      if (isObjectType(node)) addObject(type, node, module)
    }
  }
  return types
}

function addObject(type: MutableType, node: ObjectTypeNode, module: string): void {
  for (const key of keysOf(node)) type.keys.add(key)
  type.isEntity ||= type.keys.size > 0
  for (const field of node.fields ?? []) {
    if (hasDirective(field, 'external')) continue
    const known = type.fields.get(field.name.value)
    type.fields.set(field.name.value, {
      signature: known?.signature ?? signatureOf(field),
      modules: new Set([...(known?.modules ?? []), module]),
      isReplaceable: (known?.isReplaceable ?? false) || hasDirective(field, 'replaceable'),
    })
  }
}

export type ObjectTypeNode = ObjectTypeDefinitionNode | ObjectTypeExtensionNode

export function isObjectType(node: DefinitionNode): node is ObjectTypeNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION
}

/** Of a type definition or extension; null for anything else. */
export function typeName(node: DefinitionNode): string | null {
  if (node.kind === Kind.DIRECTIVE_DEFINITION || node.kind === Kind.DIRECTIVE_EXTENSION) return null
  if (node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION) return null
  return 'name' in node ? node.name.value : null
}

/** The field sets of its `@key`s, normalized. */
export function keysOf({ directives = [] }: ObjectTypeNode): string[] {
  return directives
    .filter(({ name }) => name.value === 'key')
    .flatMap(({ arguments: given = [] }) =>
      given.flatMap(({ name, value }) =>
        name.value === 'fields' && value.kind === Kind.STRING ? [normalized(value.value)] : [],
      ),
    )
}

/** The fields that a field set begins with: `a` and `b` of `a { c } b`. */
export function topFields(fieldSet: string): string[] {
  let depth = 0
  return (fieldSet.match(/\w+|[{}]/g) ?? []).filter((token) => {
    if (token === '{') depth += 1
    else if (token === '}') depth -= 1
    else return depth === 0
    return false
  })
}

/** Arguments, in alphabetical order, and type. */
export function signatureOf({ arguments: given = [], type }: FieldDefinitionNode): string {
  const parts = given.map(
    ({ name, type, defaultValue }) =>
      `${name.value}: ${print(type)}${defaultValue ? ` = ${print(defaultValue)}` : ''}`,
  )
  return `(${parts.sort().join(', ')}): ${print(type)}`
}

/** Tags add up: who leaves them out takes none away. */
function withoutTags(node: DefinitionNode): DefinitionNode {
  return visit(node, {
    Directive({ name }) {
      return name.value === 'tag' ? null : undefined
    },
  })
}

/** A definition without descriptions, comments and places. */
export function definitionText(node: DefinitionNode): string {
  return JSON.stringify(node, (key, value) => (key === 'loc' || key === 'description' ? undefined : value))
}

export function hasDirective(
  { directives = [] }: { readonly directives?: readonly { name: { value: string } }[] | undefined },
  wanted: string,
): boolean {
  return directives.some(({ name }) => name.value === wanted)
}

/** The text of a directive's argument. */
export function argumentOf({ arguments: given = [] }: DirectiveNode, wanted: string): string | null {
  const value = given.find(({ name }) => name.value === wanted)?.value
  return value?.kind === Kind.STRING ? value.value : null
}

function normalized(fieldSet: string): string {
  try {
    return stripIgnoredCharacters(`{${fieldSet}}`).slice(1, -1)
  } catch {
    return fieldSet
  }
}
