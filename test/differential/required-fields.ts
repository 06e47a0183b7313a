import { Kind, parse, type SelectionSetNode } from 'graphql'
import { type Field, fieldNamed, type Model, namedType, objectNamed, objectsBehind } from './model.ts'

/** All fields that some `@requires` selects, at any depth. */
export function requiredFields(model: Model): Set<Field> {
  const found = new Set<Field>()
  const collect = (typeName: string, { selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) continue
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.typeCondition?.name.value ?? typeName, selection.selectionSet)
        continue
      }
      if (selection.name.value === '__typename') continue
      for (const name of objectsBehind(model, typeName)) {
        const field = fieldNamed(objectNamed(model, name), selection.name.value)
        found.add(field)
        if (selection.selectionSet) collect(namedType(field.type), selection.selectionSet)
      }
    }
  }
  for (const { name, fields } of model.objects) {
    for (const { requires } of fields) if (requires !== null) collect(name, parseSelection(requires))
  }
  return found
}

export function parseSelection(selection: string): SelectionSetNode {
  const [definition] = parse(`{ ${selection} }`, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('Not a selection.')
  return definition.selectionSet
}

/** What a selection takes of the object itself. */
export function topFields(selection: string): string[] {
  return parseSelection(selection).selections.flatMap((one) =>
    one.kind === Kind.FIELD ? [one.name.value] : [],
  )
}
