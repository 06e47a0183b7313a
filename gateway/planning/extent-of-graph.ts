import { type DocumentNode, type FieldDefinitionNode, Kind, type TypeDefinitionNode } from 'graphql'
import { argumentText, graphOf, isJoin } from './join-directives.ts'
import type { SelectedFields } from './selected-fields.ts'
import { hasFields, isTypeDefinition, namedTypeOf } from './type-definitions.ts'

/** One field that requires others, as one subgraph resolves it. */
export type Dependant = { type: string; field: string; graph: string; requires: string }

/** What of a subgraph belongs to one field that requires others: all that has to be known to ask for it. */
export type ExtentOfGraph = {
  types: ReadonlySet<string>
  isRoot(typeName: string): boolean
  /** `value`: of a type without keys. */
  roleOf(typeName: string, field: string): 'dependant' | 'required' | 'key' | 'value' | 'absent'
}

/** Entities are there by their keys only, and with what is required of them. */
export function extentOf(
  { definitions }: DocumentNode,
  { type, field, graph, requires }: Dependant,
  selected: SelectedFields,
): ExtentOfGraph {
  const known = new Map(
    definitions
      .filter(isTypeDefinition)
      .filter((one) => isIn(one, graph))
      .map((one) => [one.name.value, one]),
  )
  const keysOf = ({ name, directives = [] }: TypeDefinitionNode) =>
    directives.flatMap((one) => {
      const key = isJoin(one, 'type') && graphOf(one) === graph ? argumentText(one, 'key') : undefined
      return key === undefined ? [] : [...selected(name.value, key)]
    })
  const keys = new Set([...known.values()].flatMap(keysOf))
  const required = new Set(selected(type, requires))
  for (const place of fillingsOf(
    [...known.values()],
    graph,
    (place) => keys.has(place) || required.has(place),
  )) {
    for (const filling of selected(...place)) required.add(filling)
  }
  const isEntity = (name: string) => {
    const definition = known.get(name)
    return definition !== undefined && keysOf(definition).length > 0
  }
  const roots = new Set(['Query'])

  const roleOf: ExtentOfGraph['roleOf'] = (typeName, name) => {
    const place = `${typeName}.${name}`
    if (roots.has(typeName)) return 'absent'
    if (typeName === type && name === field) return 'dependant'
    if (keys.has(place)) return 'key'
    const definition = known.get(typeName)
    const isInterface = definition?.kind === Kind.INTERFACE_TYPE_DEFINITION
    if (isEntity(typeName) || isInterface) return required.has(place) ? 'required' : 'absent'
    return 'value'
  }
  const types = new Set(roots)
  const visit = (name: string): void => {
    const definition = known.get(name)
    if (!definition || types.has(name)) return
    types.add(name)
    for (const inner of namesIn(definition, roleOf)) visit(inner)
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) return
    for (const other of known.values()) {
      const isImplementer =
        hasFields(other) && other.interfaces?.some(({ name: { value } }) => value === name) === true
      if (isImplementer) visit(other.name.value)
    }
  }
  visit(type)
  return { types, isRoot: (name) => roots.has(name), roleOf }
}

function isIn({ directives = [] }: TypeDefinitionNode, graph: string): boolean {
  return directives.some((one) => isJoin(one, 'type') && graphOf(one) === graph)
}

/** The types of what is there of a type. */
function namesIn(definition: TypeDefinitionNode, roleOf: ExtentOfGraph['roleOf']): string[] {
  if (definition.kind === Kind.UNION_TYPE_DEFINITION)
    return (definition.types ?? []).map(({ name }) => name.value)
  if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    return (definition.fields ?? []).map((field) => namedTypeOf(field.type))
  }
  if (!hasFields(definition)) return []
  return (definition.fields ?? [])
    .filter(({ name }) => roleOf(definition.name.value, name.value) !== 'absent')
    .flatMap(namesOfField)
}

function namesOfField({ type, arguments: given = [] }: FieldDefinitionNode): string[] {
  return [namedTypeOf(type), ...given.map((argument) => namedTypeOf(argument.type))]
}

/** A field for each interface that would have none: without fields it is no type, and neither is a field of that type. */
function fillingsOf(
  definitions: readonly TypeDefinitionNode[],
  graph: string,
  isThere: (place: string) => boolean,
): [typeName: string, field: string][] {
  return definitions.flatMap((definition): [string, string][] => {
    if (definition.kind !== Kind.INTERFACE_TYPE_DEFINITION) return []
    const { name, fields = [] } = definition
    if (fields.some((field) => isThere(`${name.value}.${field.name.value}`))) return []
    const first = fields.find(({ directives = [] }) => {
      const joins = directives.filter((one) => isJoin(one, 'field'))
      return joins.length === 0 || joins.some((one) => graphOf(one) === graph)
    })
    return first ? [[name.value, first.name.value]] : []
  })
}
