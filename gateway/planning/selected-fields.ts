import { type DocumentNode, Kind, parse, type SelectionNode } from 'graphql'
import { type FieldsDefinition, hasFields, namedTypeOf } from './type-definitions.ts'

/** `Type.field` of everything that a field set (of a key, of a `@requires`) selects, at any depth. */
export type SelectedFields = (typeName: string, fieldSet: string) => ReadonlySet<string>

/** A field of an interface is also one of each of its implementers, and the other way round. */
export function createSelectedFields({ definitions }: DocumentNode): SelectedFields {
  const types = new Map(definitions.filter(hasFields).map((type) => [type.name.value, type]))
  const kin = (type: FieldsDefinition): string[] => {
    const others =
      type.kind === Kind.OBJECT_TYPE_DEFINITION
        ? interfacesOf(type)
        : [...types.values()].filter((other) => interfacesOf(other).includes(type.name.value)).map(nameOf)
    return [type.name.value, ...others]
  }
  const collect = (
    selection: SelectionNode,
    type: FieldsDefinition | undefined,
    found: Set<string>,
  ): void => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const on = selection.typeCondition ? types.get(selection.typeCondition.name.value) : type
      for (const inner of selection.selectionSet.selections) collect(inner, on, found)
      return
    }
    if (!type) return
    for (const name of kin(type)) found.add(`${name}.${selection.name.value}`)
    const field = type.fields?.find(({ name }) => name.value === selection.name.value)
    const on = field && types.get(namedTypeOf(field.type))
    for (const inner of selection.selectionSet?.selections ?? []) collect(inner, on, found)
  }
  return (typeName, fieldSet) => {
    const found = new Set<string>()
    const [definition] = parse(`{${fieldSet}}`, { noLocation: true }).definitions
    if (definition?.kind === Kind.OPERATION_DEFINITION) {
      for (const selection of definition.selectionSet.selections)
        collect(selection, types.get(typeName), found)
    }
    return found
  }
}

function interfacesOf({ interfaces = [] }: FieldsDefinition): string[] {
  return interfaces.map(({ name }) => name.value)
}

function nameOf({ name }: FieldsDefinition): string {
  return name.value
}
