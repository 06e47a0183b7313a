import { type FieldNode, type OperationDefinitionNode, print, stripIgnoredCharacters } from 'graphql'
import type { KeyFields } from './keyed-representations.ts'
import { mapFetches } from './map-fetches.ts'
import type { FetchNode, PlanNode, RequiredSelection, SubscriptionNode } from './query-plan.ts'
import { entityOperation, fieldsOf, onlyFields, variablesIn } from './split-fetch.ts'
import type { Dependants } from './unconditional-dependants.ts'

type ChangePlan = (node: PlanNode | SubscriptionNode) => PlanNode | SubscriptionNode

/**
 * Adds to each fetch in which some fields require others and some do not the one that asks for the latter alone. Apollo's
 * planner puts both into one where what is required is at hand: if that fails, the others are none of it.
 */
export function createWithIndependents(dependants: Dependants, keyFields: KeyFields): ChangePlan {
  const keysOnly = (
    selections: readonly RequiredSelection[],
    typeName: string | undefined,
  ): RequiredSelection[] =>
    selections.flatMap((one): RequiredSelection[] => {
      if (one.kind === 'Field') {
        return one.name === '__typename' || keyFields.has(`${typeName}.${one.name}`) ? [one] : []
      }
      const inner = keysOnly(one.selections, one.typeCondition ?? typeName)
      return inner.length > 0 ? [{ ...one, selections: inner }] : []
    })

  const withIndependent = (fetch: FetchNode): FetchNode => {
    const operation = dependants.size > 0 ? entityOperation(fetch) : null
    if (!operation) return fetch
    const { entities, definition } = operation
    const fields = fieldsOf(entities.selectionSet, undefined)
    const free = fields.filter(({ field, typeName }) => !dependants.has(`${typeName}.${field.name.value}`))
    const asked = new Set<FieldNode>(free.map(({ field }) => field))
    if (asked.size === fields.length || free.every(({ field }) => field.name.value === '__typename'))
      return fetch
    const selectionSet = onlyFields(entities.selectionSet, asked)
    const independent = withSelection(fetch, {
      ...definition,
      selectionSet: { ...definition.selectionSet, selections: [{ ...entities, selectionSet }] },
    })
    return { ...fetch, independent: { ...independent, requires: keysOnly(fetch.requires ?? [], undefined) } }
  }
  return dependants.size > 0 ? (node) => mapFetches(node, withIndependent) : (node) => node
}

function withSelection(fetch: FetchNode, definition: OperationDefinitionNode): FetchNode {
  const used = variablesIn(definition.selectionSet)
  const variableDefinitions = definition.variableDefinitions?.filter(({ variable }) =>
    used.has(variable.name.value),
  )
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print({ ...definition, variableDefinitions })),
    variableUsages: fetch.variableUsages?.filter((name) => used.has(name)) ?? [],
  }
}
