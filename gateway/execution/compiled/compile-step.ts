import type { GraphQLSchema } from 'graphql'
import type { FetchStep } from '../../planning/query-plan.ts'
import type { SubgraphResponse } from '../../transports/subgraph-fetch.ts'
import { usedVariables } from '../call-subgraph.ts'
import { type Ask, compileEntityPart, compileRootPart } from './compile-part.ts'
import { HandOver } from './hand-over.ts'
import type { Places } from './places.ts'
import { readAnswer } from './read-answer.ts'
import type { Run } from './run.ts'
import { newShape, type Shape } from './shapes.ts'

/** Makes one call and leaves what it brought with the objects it is about. */
export type RunStep = (run: Run) => Promise<void>

export function compileStep(step: FetchStep, places: Places, supergraph: GraphQLSchema): RunStep {
  const call = compileCall(step)
  const { parts, whole } = compileParts(step, places, supergraph)
  return async (run) => {
    run.signal.throwIfAborted()
    if (run.isOver || !isWanted(step, run)) return
    const asked = parts.map((ask) => ask(run))
    if (asked.every(({ isEmpty }) => isEmpty)) return
    const response = await answered(() => call(asked.map(({ variables }) => variables).join(), run))
    if (run.isOver) return
    const { data, isAscii } = readAnswer(response, whole)
    run.isAscii &&= isAscii
    for (const { receive } of asked) receive(data)
  }
}

function compileParts(
  step: FetchStep,
  places: Places,
  supergraph: GraphQLSchema,
): { parts: Ask[]; whole: Shape } {
  const [only] = step.parts
  if (only && !only.fetch.requires) {
    return { parts: [compileRootPart(only, places)], whole: places.partOf(only).shape }
  }
  const whole = newShape()
  return { parts: step.parts.map((part) => compileEntityPart(part, { places, supergraph, whole })), whole }
}

/** A subgraph that fails is for the reference to explain. */
async function answered(call: () => Promise<SubgraphResponse>): Promise<SubgraphResponse> {
  try {
    return await call()
  } catch (cause) {
    throw new HandOver('A subgraph does not answer.', { cause })
  }
}

function isWanted({ when }: FetchStep, { variables }: Run): boolean {
  return when.every(({ variable, is }) => (variables[variable] === true) === is)
}

/** The call, its constant text written once. `representations` is the text of variables, without braces. */
function compileCall(step: FetchStep) {
  const { serviceName, operation: document, operationName } = step
  const head = JSON.stringify({ query: document, operationName, variables: {} }).slice(0, -2)
  const hasVariables = step.variableUsages.length > 0
  return (representations: string, run: Run) => {
    const own = hasVariables ? JSON.stringify(usedVariables(step, run)).slice(1, -1) : ''
    const variables = own && representations ? `${own},${representations}` : own + representations
    const request = {
      document,
      operationName,
      get variables() {
        return JSON.parse(`{${variables}}`)
      },
      caller: run.caller,
      body: `${head}${variables}}}`,
      wantsText: true as const,
    }
    return run.calls.call(serviceName, request, run.signal)
  }
}
