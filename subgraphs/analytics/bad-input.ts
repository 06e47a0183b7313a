import { TrellisError } from '../../foundation/errors.ts'

export function badInput(message: string): TrellisError {
  return new TrellisError('BAD_USER_INPUT', message)
}
