import { TrellisError } from '../../../foundation/errors.ts'
import type { LambdaOutcome, RunLambdas } from '../run-lambdas.ts'
import type { Redaction } from './redaction.ts'

/** What a lambda throws is shown to callers: a secret that stands in it is not. */
export function withRedaction({ redact }: Redaction): (next: RunLambdas) => RunLambdas {
  const cleaned = (client: string, outcome: LambdaOutcome): LambdaOutcome => {
    if (Array.isArray(outcome))
      return outcome.map((one) => ('error' in one ? redacted(client, one.error) : one))
    return 'error' in outcome ? redacted(client, outcome.error) : outcome
  }
  const redacted = (client: string, error: TrellisError) => {
    const message = redact(client, error.message)
    return { error: message === error.message ? error : new TrellisError(error.code, message) }
  }
  return (next) => async (build, calls, run) =>
    (await next(build, calls, run)).map((outcome) => cleaned(build.client, outcome))
}
