import { z } from 'zod'
import { type ErrorCode, errorCatalogue, TrellisError } from '../../foundation/errors.ts'

const refusal = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).min(1),
})

/** With what the lambda host has refused; null where the answer is no refusal, or one of the gateway and not of who asks it. */
export function hostRefusal(body: unknown): TrellisError | null {
  const [error] = refusal.safeParse(body).data?.errors ?? []
  if (!error || !isErrorCode(error.extensions.code) || error.extensions.code === 'UNAUTHENTICATED')
    return null
  return new TrellisError(error.extensions.code, error.message)
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code)
}
