import { type GraphQLSchema, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql'
import type { FetchNode } from '../planning/query-plan.ts'
import { renamePath } from './rewrites.ts'
import { fitsTypeCondition } from './type-condition.ts'

/**
 * The response keys a fetch fills on an object of type `typename`, renamed as in the answer. Only a failed fetch asks.
 *
 * @param typename undefined: an object of any type, the root
 */
export function fetchedFields(
  node: FetchNode,
  typename: string | undefined,
  supergraph: GraphQLSchema,
): string[] {
  const document = parse(node.operation, { noLocation: true })
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const keys = new Set<string>()
  const collect = (selectionSet: SelectionSetNode | undefined): void => {
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        keys.add(selection.alias?.value ?? selection.name.value)
        continue
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT
          ? selection
          : document.definitions.find(
              (definition) =>
                definition.kind === Kind.FRAGMENT_DEFINITION &&
                definition.name.value === selection.name.value,
            )
      if (fragment?.kind !== Kind.INLINE_FRAGMENT && fragment?.kind !== Kind.FRAGMENT_DEFINITION) continue
      const condition = fragment.typeCondition?.name.value
      if (!condition || !typename || fitsTypeCondition(supergraph, typename, condition)) {
        collect(fragment.selectionSet)
      }
    }
  }
  collect(node.requires ? entitySelection(operation) : operation?.selectionSet)
  return [...keys].map((key) => String(renamePath([key], node.outputRewrites)[0]))
}

function entitySelection(operation: OperationDefinitionNode | undefined): SelectionSetNode | undefined {
  const entities = operation?.selectionSet.selections[0]
  return entities?.kind === Kind.FIELD ? entities.selectionSet : undefined
}
