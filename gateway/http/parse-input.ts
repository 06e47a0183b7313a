import type { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'

/** @throws {TrellisError} BAD_USER_INPUT naming each fault */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new TrellisError('BAD_USER_INPUT', faults.join('; '))
}
