import { type GraphQLSchema, Kind, visit } from 'graphql'
import type { PlannedOperation } from '../../planning/planned-operation.ts'
import { privateVariable } from '../../planning/private-variables.ts'
import type { FetchGraph } from '../../planning/query-plan.ts'
import { fragmentsOf } from './collect-fields.ts'
import { compileStep } from './compile-step.ts'
import { HandOver } from './hand-over.ts'
import { layOutPlaces } from './places.ts'
import { type Run, startRun } from './run.ts'
import { compileObject, type WriteObject, type Writing } from './write-object.ts'

/**
 * Makes the fetches of one run and writes the answer, `{"data":...}`: as bytes where they are the characters, which is
 * a copy, while UTF-8 and its length in bytes have to be worked out.
 *
 * @throws {HandOver} the reference has to go on; the signal's reason once it is aborted
 */
export type CompiledOperation = (inputs: Parameters<typeof startRun>[0]) => Promise<string | Buffer>

type Schemas = { schema: GraphQLSchema; supergraph: GraphQLSchema }

/** @throws {HandOver} for an operation it is not made for */
export function compileOperation(
  planned: PlannedOperation,
  graph: FetchGraph,
  { schema, supergraph }: Schemas,
): CompiledOperation {
  const places = layOutPlaces(graph)
  const steps = graph.steps.map((step) => ({
    after: step.after,
    runStep: compileStep(step, places, supergraph),
  }))
  const { document, operation } = planned
  const type = schema.getRootType(operation.operation)
  if (!type) throw new HandOver('The schema has no such root.')
  const selected = { place: places.root, selectionSets: [operation.selectionSet] }
  const compileAnswer = (conditions: Writing['conditions']) =>
    compileObject(type, selected, {
      schema,
      supergraph,
      fragments: fragmentsOf(document),
      conditions,
      nextText,
    })
  let texts = 0
  const nextText = () => texts++
  const writerFor = perConditions(conditionsOf(planned), compileAnswer)

  return async (inputs) => {
    const run = startRun(inputs)
    const write = writerFor(run.variables)
    try {
      await runSteps(steps, run)
    } catch (error) {
      run.isOver = true
      throw error
    }
    run.signal.throwIfAborted()
    return encoded(`{"data":${write(run.root)}}`, run)
  }
}

function encoded(text: string, { isAscii }: Run): string | Buffer {
  return isAscii ? Buffer.from(text, 'latin1') : text
}

const mostConditions = 4

/** The variables that `@skip` and `@include` name. */
function conditionsOf({ document }: PlannedOperation): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive({ name, arguments: [condition] = [] }) {
      if (name.value !== 'skip' && name.value !== 'include') return
      if (condition?.value.kind === Kind.VARIABLE) names.add(condition.value.name.value)
    },
  })
  if (names.size > mostConditions) throw new HandOver('The operation has too many conditions.')
  return [...names]
}

/** One writer for each combination of conditions that comes. */
function perConditions(
  names: readonly string[],
  compile: (conditions: Writing['conditions']) => WriteObject,
): (variables: Run['variables']) => WriteObject {
  const writers = new Map<string, WriteObject>()
  if (names.length === 0) {
    const write = compile({})
    return () => write
  }
  return (variables) => {
    const values = names.map((name): [string, boolean] => {
      const value = variables[privateVariable(name)]
      if (typeof value !== 'boolean') throw new HandOver('A condition is neither true nor false.')
      return [name, value]
    })
    const key = values.join()
    const write = writers.get(key) ?? compile(Object.fromEntries(values))
    writers.set(key, write)
    return write
  }
}

/** Each step as soon as those before it have ended. */
async function runSteps(
  steps: readonly { after: readonly number[]; runStep: (run: Run) => Promise<void> }[],
  run: Run,
): Promise<void> {
  const running: Promise<void>[] = []
  for (const { after, runStep } of steps) {
    const before = after.length === 0 ? undefined : Promise.all(after.map((index) => running[index]))
    running.push(before ? before.then(() => runStep(run)) : runStep(run))
  }
  await Promise.all(running)
}
