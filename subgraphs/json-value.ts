import { TrellisError } from '../foundation/errors.ts'
import { isStorableText } from '../foundation/storable-text.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export type JsonObject = { readonly [key: string]: JsonValue }

export type JsonBounds = {
  /** What the value is called in errors. */
  what: string
  /** Of the value as compact JSON in UTF-8. */
  maxBytes: number
  /** Objects and arrays within each other. @default 32 */
  maxDepth?: number
}

/**
 * A caller's JSON as PostgreSQL can keep it: a plain copy, bounded in size and depth.
 *
 * @throws {TrellisError} BAD_USER_INPUT for too large or too deep a value, for texts that jsonb cannot hold (a NUL, half
 *   a surrogate pair), and for properties named `__proto__`, which are somebody's attempt
 */
export function toJsonValue(value: unknown, { what, maxBytes, maxDepth = 32 }: JsonBounds): JsonValue {
  assertStorable(value, what, maxDepth)
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) > maxBytes) throw badInput(`${what} is larger than ${maxBytes} bytes.`)
  return JSON.parse(text)
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function badInput(message: string): TrellisError {
  return new TrellisError('BAD_USER_INPUT', message)
}

function assertStorable(value: unknown, what: string, depthLeft: number): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (typeof value === 'string') {
    assertStorableText(value, what)
    return
  }
  if (typeof value !== 'object') throw badInput(`${what} is not JSON.`)
  if (depthLeft === 0) throw badInput(`${what} is nested too deeply.`)
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw badInput(`${what} has a property named __proto__.`)
    assertStorableText(key, what)
    assertStorable(member, what, depthLeft - 1)
  }
}

function assertStorableText(text: string, what: string): void {
  if (!isStorableText(text))
    throw badInput(`${what} has a text with a NUL character or half a surrogate pair.`)
}
