import { type ErrorCode, TrellisError } from '../../foundation/errors.ts'
import { isLongerThan } from '../../foundation/json-length.ts'
import type { IsolateLimits } from '../isolates/isolate-limits.ts'
import { LambdaFailure } from '../isolates/lambda-failure.ts'
import type { CallFacts as CrossingFacts } from '../isolates/messages.ts'
import type { CallFacts } from './call-facts.ts'
import type { IsolatePool } from './isolate-pool.ts'
import type { Ask } from './isolate-process.ts'

/** A build that can be run. */
export type RunnableBuild = {
  client: string
  digest: string
  bundle: string
  limits: IsolateLimits
}

/**
 * One lambda, and what it is given: `parent` (null for a root field, a list for a batched one) and `args` for a resolver,
 * `argument` for `rule:Type.field` and `on:event.type`.
 */
export type LambdaCall = { lambda: string } & ({ parent: unknown; args: unknown } | { argument: unknown })

export type Outcome = { value: unknown } | { error: TrellisError }
/** Of a batched lambda a list, one outcome for each object. */
export type LambdaOutcome = Outcome | Outcome[]

export type LambdaRun = {
  facts: CallFacts | null
  ask: Ask
  /** Reads only: may run a second time. */
  repeatable: boolean
}

/** What is told of each crossing: which lambdas, how it went, how long it took, milliseconds. */
export type OnCrossing = (
  build: RunnableBuild,
  crossing: { calls: readonly LambdaCall[]; outcomes: readonly LambdaOutcome[]; ms: number } & CrossingFacts,
) => void

/** Total: an outcome for each call, in their order. */
export type RunLambdas = (
  build: RunnableBuild,
  calls: readonly LambdaCall[],
  run: LambdaRun,
) => Promise<LambdaOutcome[]>

/** What a crossing may end with because of one of its lambdas: limits, and a rejected promise that nobody waits for. */
const ofOneLambda: ReadonlySet<ErrorCode> = new Set([
  'LAMBDA_FAILED',
  'LAMBDA_CPU_EXCEEDED',
  'LAMBDA_MEMORY_EXCEEDED',
  'LAMBDA_TIMEOUT',
  'LAMBDA_RESULT_TOO_LARGE',
  'LAMBDA_HOST_CALLS_EXCEEDED',
])

/** The language's own JSON cannot write what is 4,000 levels deep, here or further on. */
const maxLevels = 3_500

/**
 * Calls lambdas of one build: all of them cross into its isolate together. Where that breaks a limit or fails, each is
 * called again alone, so that this is always one lambda's, and costs the others nothing.
 */
export function createRunLambdas(isolates: IsolatePool, onCrossing: readonly OnCrossing[] = []): RunLambdas {
  async function cross(build: RunnableBuild, calls: readonly LambdaCall[], run: LambdaRun) {
    const { client, digest, bundle: source, limits } = build
    // What is far too long is not even written.
    const isTooLong = isLongerThan(limits.payloadChars, calls)
    const text = isTooLong ? '' : JSON.stringify({ ...run.facts, calls })
    const startedAt = performance.now()
    let known: CrossingFacts = { logs: [], cpuMs: 0, memoryMb: null }
    const learn = (facts: CrossingFacts) => {
      known = facts
    }
    const isolate = isolateOf(client, digest)
    const crossing = { client, isolate, source, limits, lambdas: calls.length, ask: run.ask, learn, text }
    const wallMs = calls.some(({ lambda }) => lambda.startsWith('on:')) ? limits.handlerWallMs : limits.wallMs
    const finish = (outcomes: LambdaOutcome[]) => {
      const crossed = { calls, outcomes, ms: performance.now() - startedAt, ...known }
      for (const tell of onCrossing) tell(build, crossed)
      return outcomes
    }
    try {
      if (isTooLong || text.length > limits.payloadChars) throw tooMuchGiven(limits)
      return finish(readOutcomes(await isolates.call({ ...crossing, wallMs }, run.repeatable), calls))
    } catch (error) {
      if (!(error instanceof TrellisError)) throw error
      if (calls.length > 1 && run.repeatable && ofOneLambda.has(error.code)) return null
      return finish(calls.map(() => ({ error })))
    }
  }

  return async (build, calls, run) => {
    const together = await cross(build, calls, run)
    if (together) return together
    const apart = await Promise.all(calls.map((call) => cross(build, [call], run)))
    return apart.map((outcomes) => outcomes?.[0] ?? { error: invalid('There is no outcome.') })
  }
}

/** The name of the isolate that a build runs in. */
export function isolateOf(client: string, digest: string): string {
  return `${client}/${digest}`
}

/** It comes out of the isolate: nothing of its form is taken on trust. */
function readOutcomes(text: string, calls: readonly LambdaCall[]): LambdaOutcome[] {
  const outcomes = parseJson(text)
  if (!Array.isArray(outcomes) || outcomes.length !== calls.length)
    throw invalid('The isolate did not answer with one outcome for each lambda.')
  return outcomes.map((outcome: unknown, index) => {
    const call = calls[index]
    const parents = call && 'parent' in call && Array.isArray(call.parent) ? call.parent.length : null
    if (!Array.isArray(outcome) || outcome.length !== parents) return readOutcome(outcome)
    return outcome.map(readOutcome)
  })
}

function readOutcome(outcome: unknown): Outcome {
  if (typeof outcome !== 'object' || outcome === null) return { error: invalid('A lambda has no outcome.') }
  if ('invalid' in outcome) return { error: invalid(readMessage(outcome.invalid)) }
  if ('error' in outcome) {
    const trace = 'trace' in outcome && typeof outcome.trace === 'string' ? outcome.trace : ''
    return { error: new LambdaFailure(readMessage(outcome.error), trace) }
  }
  // What JSON has no word for was left out on the way: nothing was returned.
  const value = 'value' in outcome ? outcome.value : undefined
  if (isDeeperThan(maxLevels, value))
    return { error: invalid(`A lambda returns at most ${maxLevels} levels of lists and objects.`) }
  return { value }
}

function readMessage(message: unknown): string {
  return typeof message === 'string' ? message.slice(0, 1000) : 'The lambda failed, and does not say how.'
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const one of Object.values(value)) if (isDeeperThan(levels - 1, one)) return true
  return false
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // It could be written and cannot be read: whoever wrote it was not the language's own JSON.
    return undefined
  }
}

function invalid(message: string): TrellisError {
  return new TrellisError('LAMBDA_INVALID_RESULT', message)
}

export function tooMuchGiven({ payloadChars }: Pick<IsolateLimits, 'payloadChars'>): TrellisError {
  return new TrellisError(
    'LAMBDA_RESULT_TOO_LARGE',
    `A lambda is given at most ${payloadChars} characters of JSON.`,
  )
}
