import type { ConstDirectiveNode, DocumentNode } from 'graphql'
import { argumentText, graphOf, isJoin } from './join-directives.ts'
import type { SelectedFields } from './selected-fields.ts'
import { type FieldsDefinition, hasFields, namedTypeOf } from './type-definitions.ts'

/**
 * Without the fields that are external to one of `graphs` and that nothing there requires or provides: to Apollo's
 * planner a subgraph that names a field, as external or not, may be asked for it.
 */
export function withoutUnusedExternals(
  document: DocumentNode,
  graphs: ReadonlySet<string>,
  selected: SelectedFields,
): DocumentNode {
  const used = usedIn(document, selected)
  const isUnused = (directive: ConstDirectiveNode, place: string): boolean => {
    const graph = graphOf(directive)
    if (!graph || !graphs.has(graph) || argumentText(directive, 'external') !== 'true') return false
    return !used.has(`${graph}/${place}`)
  }
  const definitions = document.definitions.map((definition) => {
    if (!hasFields(definition)) return definition
    const fields = definition.fields?.map((field) => ({
      ...field,
      directives: field.directives?.filter(
        (one) => !isJoin(one, 'field') || !isUnused(one, `${definition.name.value}.${field.name.value}`),
      ),
    }))
    return { ...definition, fields }
  })
  return { ...document, definitions }
}

/** `GRAPH/Type.field` of all that a key, a `@requires` or a `@provides` selects. */
function usedIn({ definitions }: DocumentNode, selected: SelectedFields): ReadonlySet<string> {
  const used = new Set<string>()
  const count = (directive: ConstDirectiveNode, argument: string, typeName: string) => {
    const fieldSet = argumentText(directive, argument)
    if (fieldSet === undefined) return
    for (const place of selected(typeName, fieldSet)) used.add(`${graphOf(directive)}/${place}`)
  }
  const countFields = ({ name, fields = [] }: FieldsDefinition) => {
    for (const { type, directives = [] } of fields) {
      for (const one of directives.filter((directive) => isJoin(directive, 'field'))) {
        count(one, 'requires', name.value)
        count(one, 'provides', namedTypeOf(type))
      }
    }
  }
  for (const definition of definitions.filter(hasFields)) {
    for (const one of definition.directives ?? [])
      if (isJoin(one, 'type')) count(one, 'key', definition.name.value)
    countFields(definition)
  }
  return used
}
