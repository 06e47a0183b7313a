import { TrellisError } from '../../foundation/errors.ts'

export function invalidPlace(): TrellisError {
  return new TrellisError('CURSOR_INVALID', 'This cursor is not one of the event bus.')
}

export function expiredPlace(): TrellisError {
  return new TrellisError('CURSOR_EXPIRED', 'The events after this cursor are no longer kept.')
}
