import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  type ValueNode,
  visit,
} from 'graphql'
import { subscriptionNode } from '../execution/execute-event.ts'
import { rootField } from '../planning/event-places.ts'
import type { PlannedOperation } from '../planning/planned-operation.ts'
import type { SubgraphResponse } from '../transports/subgraph-fetch.ts'

/** What a subscription asks its module, and how it is asked to go on from a place in the stream. */
export type EventSource = {
  serviceName: string
  /** GraphQL text, one operation. */
  document: string
  operationName: string | undefined
  /** The variables it takes, `afterVariable` not among them. */
  variableUsages: readonly string[]
  /** Null where the field knows no place to go on from: it has no `after`, or its payload no `cursor`. */
  places: Places | null
}

export type Places = {
  /** The cursor that the caller gave. */
  start(variables: Readonly<Record<string, unknown>>): string | null
  /** The place of an event; null where the event has none. */
  cursorOf(response: SubgraphResponse): string | null
}

/** Carries the place to begin after. Neither name can be the client's, nor the planner's. */
export const afterVariable = 'after__gateway'
const cursorAlias = 'cursor__gateway'

const sources = new WeakMap<PlannedOperation, EventSource>()

/**
 * The primary fetch of the plan. Where its field has an argument `after` and its payload a field `cursor`, both are
 * the gateway's own: it selects the cursor whether or not the client does, and gives `after` by a variable.
 */
export function eventSource(planned: PlannedOperation): EventSource {
  const known = sources.get(planned)
  if (known) return known
  const source = readSource(planned)
  sources.set(planned, source)
  return source
}

/** Whether both ask their module the same, so that one's stream serves the other. */
export function isSameSource(one: EventSource, other: EventSource): boolean {
  return one.serviceName === other.serviceName && one.document === other.document
}

function readSource(planned: PlannedOperation): EventSource {
  const { primary, after } = subscriptionNode(planned)
  const { serviceName, operation: text, operationName, variableUsages = [] } = primary
  const plain = { serviceName, document: text, operationName, variableUsages, places: null }
  const document = parse(text)
  const root = rootField(document)
  if (!root || after === undefined) return plain
  const resumable = withPlaces(document, root, after)
  return {
    ...plain,
    document: print(resumable),
    variableUsages: variableUsages.filter((name) => usesVariable(resumable, name)),
    places: placesOf(root),
  }
}

function placesOf(root: FieldNode): Places {
  const key = root.alias?.value ?? root.name.value
  const given = afterOf(root)?.value
  return {
    start: (variables) => textOf(given, variables),
    cursorOf({ data }) {
      const payload = data?.[key]
      if (typeof payload !== 'object' || payload === null || !(cursorAlias in payload)) return null
      const cursor = payload[cursorAlias]
      return typeof cursor === 'string' ? cursor : null
    },
  }
}

function afterOf({ arguments: given = [] }: FieldNode): ArgumentNode | undefined {
  return given.find(({ name }) => name.value === 'after')
}

function textOf(value: ValueNode | undefined, variables: Readonly<Record<string, unknown>>): string | null {
  if (value?.kind === Kind.STRING) return value.value
  const given = value?.kind === Kind.VARIABLE ? variables[value.name.value] : undefined
  return typeof given === 'string' ? given : null
}

function withPlaces(document: DocumentNode, root: FieldNode, type: string): DocumentNode {
  const asked = visit(document, {
    Field(field) {
      if (field !== root) return undefined
      return {
        ...field,
        arguments: [
          ...(field.arguments ?? []).filter((argument) => argument !== afterOf(field)),
          {
            kind: Kind.ARGUMENT,
            name: nameNode('after'),
            value: { kind: Kind.VARIABLE, name: nameNode(afterVariable) },
          },
        ],
        selectionSet: {
          kind: Kind.SELECTION_SET,
          selections: [
            ...(field.selectionSet?.selections ?? []),
            { kind: Kind.FIELD, name: nameNode('cursor'), alias: nameNode(cursorAlias) },
          ],
        },
      }
    },
  })
  return visit(asked, {
    OperationDefinition(operation) {
      return withVariable(operation, asked, type)
    },
  })
}

/** Declares the new variable, and drops one that served `after` alone: a module refuses variables that nothing uses. */
function withVariable(
  operation: OperationDefinitionNode,
  document: DocumentNode,
  type: string,
): OperationDefinitionNode {
  const { variableDefinitions = [] } = operation
  const used = variableDefinitions.filter(({ variable }) => usesVariable(document, variable.name.value))
  return {
    ...operation,
    variableDefinitions: [
      ...used,
      {
        kind: Kind.VARIABLE_DEFINITION,
        variable: { kind: Kind.VARIABLE, name: nameNode(afterVariable) },
        type: parseType(type),
      },
    ],
  }
}

function usesVariable(document: DocumentNode, name: string): boolean {
  let isUsed = false
  visit(document, {
    VariableDefinition() {
      return false
    },
    Variable(variable) {
      isUsed ||= variable.name.value === name
    },
  })
  return isUsed
}

function nameNode(value: string) {
  return { kind: Kind.NAME, value } as const
}
