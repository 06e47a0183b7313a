import { isLongerThan } from '../../foundation/json-length.ts'
import type { IsolateLimits } from '../isolates/isolate-limits.ts'
import { type LambdaCall, type LambdaOutcome, type Outcome, tooMuchGiven } from './run-lambdas.ts'

/** Calls lambdas; an outcome for each, in their order. Never rejects for a fault of theirs. */
type Cross = (calls: readonly LambdaCall[], repeatable: boolean) => Promise<LambdaOutcome[]>

/**
 * Gathers what the fields of one request ask of lambdas: all that is asked before the execution waits for something
 * crosses into the isolate together, and all objects that ask for the same with the same arguments are one call.
 */
export type Waves = {
  root(lambda: string, args: object): Promise<unknown>
  /** One of many objects. @throws {TrellisError} LAMBDA_RESULT_TOO_LARGE */
  field(lambda: string, args: object, parent: object): Promise<unknown>
  /** At once and alone, and never repeated. */
  mutation(lambda: string, args: object): Promise<unknown>
}

type Waiting = { call: LambdaCall; settle(outcome: LambdaOutcome): void }
type Batch = { parents: object[]; answers: PromiseWithResolvers<unknown>[] }

export function createWaves(cross: Cross, limits: Pick<IsolateLimits, 'payloadChars'>): Waves {
  let wave: Waiting[] = []
  let batches = new Map<string, Batch>()

  function join(waiting: Waiting): void {
    wave.push(waiting)
    if (wave.length > 1) return
    // Not before the promises have run that are ready now: they call further resolvers.
    void Promise.resolve().then(() => process.nextTick(() => void leave()))
  }

  async function leave(): Promise<void> {
    const leaving = wave
    wave = []
    batches = new Map()
    const outcomes = await cross(
      leaving.map(({ call }) => call),
      true,
    ).catch((error): LambdaOutcome[] => leaving.map(() => ({ error })))
    for (const [index, { settle }] of leaving.entries()) settle(outcomes[index] ?? nothing)
  }

  function openBatch(lambda: string, args: object): Batch {
    const batch: Batch = { parents: [], answers: [] }
    const settle = (outcome: LambdaOutcome) => {
      for (const [index, answer] of batch.answers.entries())
        settleOne(answer, Array.isArray(outcome) ? (outcome[index] ?? nothing) : outcome)
    }
    join({ call: { lambda, parent: batch.parents, args }, settle })
    return batch
  }

  return {
    root(lambda, args) {
      const answer = Promise.withResolvers<unknown>()
      join({ call: { lambda, parent: null, args }, settle: (outcome) => settleOne(answer, outcome) })
      return answer.promise
    },
    field(lambda, args, parent) {
      // They are written out for each object.
      if (isLongerThan(limits.payloadChars, args)) throw tooMuchGiven(limits)
      const name = `${lambda} ${JSON.stringify(args)}`
      const batch = batches.get(name) ?? openBatch(lambda, args)
      batches.set(name, batch)
      const answer = Promise.withResolvers<unknown>()
      batch.parents.push(parent)
      batch.answers.push(answer)
      return answer.promise
    },
    async mutation(lambda, args) {
      const [outcome = nothing] = await cross([{ lambda, parent: null, args }], false)
      const answer = Promise.withResolvers<unknown>()
      settleOne(answer, outcome)
      return answer.promise
    },
  }
}

/** There is one for each call; where there were none, nothing was returned. */
const nothing: Outcome = { value: undefined }

function settleOne({ resolve, reject }: PromiseWithResolvers<unknown>, outcome: LambdaOutcome): void {
  if (Array.isArray(outcome)) resolve(outcome)
  else if ('error' in outcome) reject(outcome.error)
  else resolve(outcome.value)
}
