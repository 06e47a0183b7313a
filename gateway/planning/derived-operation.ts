import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import type { Planner } from './create-planner.ts'
import type { PlannedOperation } from './planned-operation.ts'
import { fragmentNamed, responseKeyOf, rootArgumentsOf } from './root-arguments.ts'

/**
 * The same operation with nothing but some of its root fields, by response key; at least one of them is to be among the
 * operation's. Errors point into the client's own text.
 */
export type DeriveOperation = (
  planned: PlannedOperation,
  responseKeys: ReadonlySet<string>,
) => Promise<PlannedOperation>

/** Of one operation. */
const mostKept = 50

/** Each derived operation is planned once, and is the same object each time, so that it is compiled once, too. */
export function createDeriveOperation(planner: Pick<Planner, 'plan'>): DeriveOperation {
  const derived = new WeakMap<PlannedOperation, LRUCache<string, Promise<PlannedOperation>>>()
  return (planned, responseKeys) => {
    const known = derived.get(planned) ?? new LRUCache<string, Promise<PlannedOperation>>({ max: mostKept })
    derived.set(planned, known)
    const key = JSON.stringify([...responseKeys].sort())
    const made = known.get(key) ?? derive(planned, responseKeys, planner)
    known.set(key, made)
    // Another time there may be an answer.
    made.catch(() => known.delete(key))
    return made
  }
}

async function derive(
  planned: PlannedOperation,
  responseKeys: ReadonlySet<string>,
  planner: Pick<Planner, 'plan'>,
): Promise<PlannedOperation> {
  const { schema, operation } = planned
  const isWanted = (selection: SelectionNode) =>
    selection.kind === Kind.FIELD && responseKeys.has(responseKeyOf(selection))
  const selectionSet = keepRootFields(operation.selectionSet, planned.document, isWanted)
  const document = documentOf({ ...operation, selectionSet }, planned.document)
  const [narrowed] = document.definitions
  if (narrowed?.kind !== Kind.OPERATION_DEFINITION) throw new Error('The operation comes first.')
  // Planned from its own text; what is shaped and what errors point to are the nodes of the client's.
  const { plan } = await planner.plan(document, operation.name?.value)
  const rootArguments = rootArgumentsOf({ schema, document, operation: narrowed })
  return { ...planned, plan, document, operation: narrowed, rootArguments }
}

/** The operation with the fragments and the variables that it still uses: validation refuses any others. */
function documentOf(operation: OperationDefinitionNode, whole: DocumentNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>()
  const names = new Set<string>()
  const follow = (node: OperationDefinitionNode | FragmentDefinitionNode) => {
    visit(node, {
      Variable(variable) {
        names.add(variable.name.value)
      },
      FragmentSpread({ name }) {
        const fragment = fragments.has(name.value) ? undefined : fragmentNamed(name.value, whole)
        if (!fragment) return
        fragments.set(name.value, fragment)
        follow(fragment)
      },
    })
  }
  follow({ ...operation, variableDefinitions: [] })
  const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) =>
    names.has(variable.name.value),
  )
  const definitions = [
    { ...operation, ...(variableDefinitions && { variableDefinitions }) },
    ...fragments.values(),
  ]
  return { kind: Kind.DOCUMENT, definitions }
}

/** Fragments of the root become part of it. */
export function keepRootFields(
  { selections }: SelectionSetNode,
  document: DocumentNode,
  keep: (selection: SelectionNode) => boolean,
): SelectionSetNode {
  const kept = selections.flatMap((selection): SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return keep(selection) ? [selection] : []
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(selection.name.value, document)
    if (!fragment) return []
    const { typeCondition } = fragment
    const selectionSet = keepRootFields(fragment.selectionSet, document, keep)
    if (selectionSet.selections.length === 0) return []
    return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, directives: selection.directives, selectionSet }]
  })
  return { kind: Kind.SELECTION_SET, selections: kept }
}
