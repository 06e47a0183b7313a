import { TrellisError } from '../../../foundation/errors.ts'
import type { JsonObject } from '../../json-value.ts'
import type { ValidateRecord } from './compile-record-schema.ts'

/** @throws {TrellisError} VALIDATION_FAILED with `extensions.violations`, one `{ path, rule, message }` for each broken rule */
export function requireValidRecord(validate: ValidateRecord, data: JsonObject): void {
  const violations = validate(data)
  if (violations.length === 0) return
  const [first] = violations
  throw new TrellisError(
    'VALIDATION_FAILED',
    `The record does not fit the schema of its collection: ${first?.path || '/'} ${first?.message}.`,
    { extensions: { violations } },
  )
}
