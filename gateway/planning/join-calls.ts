import { Kind, type OperationDefinitionNode, parse, print, type VariableDefinitionNode, visit } from 'graphql'
import type { FetchNode, FetchPart, FetchStep } from './query-plan.ts'

type Call = Pick<FetchStep, 'operation' | 'operationName' | 'variableUsages' | 'parts'>

/**
 * One call for several entity fetches of a subgraph. Those that ask the same of the same entities become one part with
 * several paths; the others stand beside each other under aliases.
 */
export function joinCalls(fetches: readonly FetchPart[]): Call {
  const parts = unite(fetches)
  const operations = parts.map(({ fetch }) => operationOf(fetch))
  const [first] = operations
  const [only] = parts
  if (!first || !only) throw new Error('A call is for one fetch at least.')
  const variableUsages = [...new Set(parts.flatMap(({ fetch }) => fetch.variableUsages ?? []))]
  const { operationName } = only.fetch
  if (parts.length === 1) return { operation: only.fetch.operation, operationName, variableUsages, parts }
  const named = parts.map((part, index) => ({
    ...part,
    entities: `_e${index}`,
    representations: `_r${index}`,
  }))
  const aliased = named.map((part, index) => aliasedOperation(operations[index] ?? first, part))
  const operation = print({
    ...first,
    variableDefinitions: distinctVariables(
      aliased.flatMap(({ variableDefinitions = [] }) => variableDefinitions),
    ),
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: aliased.flatMap(({ selectionSet }) => selectionSet.selections),
    },
  })
  return { operation, operationName, variableUsages, parts: named }
}

/** Parts that ask the same, which their operations' names do not tell, become one. */
function unite(fetches: readonly FetchPart[]): FetchPart[] {
  const united = new Map<string, FetchPart>()
  for (const part of fetches) {
    const { fetch, paths } = part
    const { requires, inputRewrites, outputRewrites } = fetch
    const { selectionSet, variableDefinitions = [] } = operationOf(fetch)
    const question = [
      print(selectionSet),
      variableDefinitions.map(print),
      requires,
      inputRewrites,
      outputRewrites,
    ]
    const key = JSON.stringify(question)
    const same = united.get(key)
    united.set(key, same ? { ...same, paths: [...same.paths, ...paths] } : part)
  }
  return [...united.values()]
}

/** Apollo's planner writes its fetches without named fragments, unless it is told to. */
function operationOf({ operation }: FetchNode): OperationDefinitionNode {
  const [definition, ...others] = parse(operation, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) {
    throw new Error('A fetch is one operation without fragments of its own.')
  }
  return definition
}

function aliasedOperation(
  operation: OperationDefinitionNode,
  { entities, representations }: FetchPart,
): OperationDefinitionNode {
  const alias = { kind: Kind.NAME as const, value: entities }
  const selections = operation.selectionSet.selections.map((root) =>
    root.kind === Kind.FIELD ? { ...root, alias } : root,
  )
  const aliased = { ...operation, selectionSet: { ...operation.selectionSet, selections } }
  return visit(aliased, {
    Variable(variable) {
      if (variable.name.value !== 'representations') return undefined
      return { ...variable, name: { kind: Kind.NAME, value: representations } }
    },
  })
}

function distinctVariables(definitions: readonly VariableDefinitionNode[]): VariableDefinitionNode[] {
  return [...new Map(definitions.map((definition) => [definition.variable.name.value, definition])).values()]
}
