import { isStorableText } from '../../foundation/storable-text.ts'
import { badInput } from './bad-input.ts'

/** Dimensions that all have to have one of their values. */
export type DimensionFilter = readonly { name: string; values: readonly DimensionValue[] }[]
export type DimensionValue = string | number | boolean

const maxDimensions = 20
const maxValues = 100
const maxNameLength = 64
const maxTextLength = 256

/** @param input `{ dimension: value | [values] }`. @throws {TrellisError} BAD_USER_INPUT */
export function parseDimensionFilter(input: unknown): DimensionFilter {
  return entriesOf(input, 'filter').map(([name, value]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value]
    if (values.length === 0 || values.length > maxValues) {
      throw badInput(`A dimension is compared with 1 to ${maxValues} values.`)
    }
    return { name, values: values.map(parseValue) }
  })
}

/** @param input a flat object of texts, numbers and booleans; null and undefined are the empty one. @throws {TrellisError} BAD_USER_INPUT */
export function parseDimensions(input: unknown): Record<string, DimensionValue> {
  return Object.fromEntries(entriesOf(input, 'dimensions').map(([name, value]) => [name, parseValue(value)]))
}

function entriesOf(input: unknown, what: string): [string, unknown][] {
  if (input === null || input === undefined) return []
  if (typeof input !== 'object' || Array.isArray(input)) throw badInput(`\`${what}\` is an object.`)
  const entries = Object.entries(input)
  if (entries.length > maxDimensions) throw badInput(`\`${what}\` has at most ${maxDimensions} dimensions.`)
  for (const [name] of entries) {
    if (name === '' || name === '__proto__' || name.length > maxNameLength || !isStorableText(name)) {
      throw badInput(`\`${what}\` has a dimension whose name cannot be used.`)
    }
  }
  return entries
}

function parseValue(value: unknown): DimensionValue {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (typeof value === 'string' && value.length <= maxTextLength && isStorableText(value)) return value
  throw badInput(`A dimension is a text of at most ${maxTextLength} characters, a number, true or false.`)
}
