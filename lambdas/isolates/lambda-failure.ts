import { TrellisError } from '../../foundation/errors.ts'

/** An author's own error. Callers hear its message; `trace` is for its author: the stack as the isolate tells it, any text. */
export class LambdaFailure extends TrellisError {
  readonly trace: string

  constructor(message: string, trace: string) {
    super('LAMBDA_FAILED', message.slice(0, 1000))
    this.trace = trace.slice(0, 3000)
  }
}
