import { type DocumentNode, Kind, visit } from 'graphql'
import { textOf } from '../planning/document-text.ts'
import type { RewrittenArguments } from '../planning/plan-variables.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'
import { eventSource } from './event-source.ts'

type Wanted = {
  caller: Caller
  /** As the client sent them. */
  variables: Readonly<Record<string, unknown>>
  /** What rules made of the field's arguments. */
  rewritten?: RewrittenArguments
}

/**
 * Subscriptions with equal keys are answered alike, whoever asks. All that modules are told of the caller is in it:
 * user, session, key, roles, tags, the depth of lambdas, the headers passed on; not the trace, which changes no answer.
 * So is what is asked: the document's text, the declared variables as they were sent, and what a rule made of the
 * arguments. Left out is the generation,
 * because every stream is answered on the present one, and the place to begin at, which streams have many of.
 */
export function subscriptionKey(planned: PlannedOperation, wanted: Wanted): string {
  const { caller, variables, rewritten } = wanted
  const { traceparent: _traceparent, ...viewer } = caller
  const { text, operationName, names } = askedOf(planned)
  const given = names.map((name) => [name, Object.hasOwn(variables, name) ? [variables[name]] : []])
  return JSON.stringify([viewer, operationName, text, given, rewritten && ruledArguments(planned, rewritten)])
}

function ruledArguments(planned: PlannedOperation, rewritten: RewrittenArguments): unknown[] {
  const { places } = eventSource(planned)
  return [...rewritten.values()].map(({ after, ...args }) => (places ? args : { ...args, after }))
}

type Asked = { text: string; operationName: string | undefined; names: readonly string[] }

const asked = new WeakMap<PlannedOperation, Asked>()

function askedOf(planned: PlannedOperation): Asked {
  const known = asked.get(planned)
  if (known) return known
  const { document, operation } = planned
  const place = eventSource(planned).places ? placeVariable(planned) : null
  const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value)
  const read = {
    text: textOf(document),
    operationName: operation.name?.value,
    names: names.filter((name) => name !== place),
  }
  asked.set(planned, read)
  return read
}

/** The variable that serves the field's `after`, and nothing else. */
function placeVariable({ document, operation }: PlannedOperation): string | null {
  const [root] = operation.selectionSet.selections
  if (root?.kind !== Kind.FIELD) return null
  const after = root.arguments?.find(({ name }) => name.value === 'after')?.value
  if (after?.kind !== Kind.VARIABLE) return null
  return timesUsed(document, after.name.value) === 1 ? after.name.value : null
}

function timesUsed(document: DocumentNode, name: string): number {
  let times = 0
  visit(document, {
    VariableDefinition() {
      return false
    },
    Variable(variable) {
      if (variable.name.value === name) times += 1
    },
  })
  return times
}
