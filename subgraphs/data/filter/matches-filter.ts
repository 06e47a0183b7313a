import { isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../../json-value.ts'
import type { Comparison, Condition, Filter } from './parse-filter.ts'
import { type FilterableRecord, valueAt } from './record-path.ts'

/** Whether one record passes: the same answer as PostgreSQL gives through `filterToSql`. */
export function matchesFilter(filter: Filter, record: FilterableRecord): boolean {
  switch (filter.kind) {
    case 'AND':
      return filter.filters.every((member) => matchesFilter(member, record))
    case 'OR':
      return filter.filters.some((member) => matchesFilter(member, record))
    case 'NOT':
      return !matchesFilter(filter.filter, record)
    default:
      return holds(filter, valueAt(record, filter.path))
  }
}

function holds(condition: Condition, value: JsonValue): boolean {
  switch (condition.kind) {
    case 'EQ':
      return isDeepStrictEqual(value, condition.value)
    case 'NE':
      return !isDeepStrictEqual(value, condition.value)
    case 'IN':
      return condition.values.some((one) => isDeepStrictEqual(value, one))
    case 'EXISTS':
      return (value !== null) === condition.value
    case 'CONTAINS':
      return contains(value, condition.value)
    case 'GT':
    case 'GTE':
    case 'LT':
    case 'LTE':
      return compares(condition.kind, value, condition.value)
    default:
      return condition satisfies never
  }
}

function contains(value: JsonValue, part: string | number | boolean): boolean {
  if (Array.isArray(value)) return value.includes(part)
  return typeof value === 'string' && typeof part === 'string' && value.includes(part)
}

function compares(comparison: Comparison, value: JsonValue, bound: number | string): boolean {
  const order = compare(value, bound)
  if (order === null) return false
  switch (comparison) {
    case 'GT':
      return order > 0
    case 'GTE':
      return order >= 0
    case 'LT':
      return order < 0
    case 'LTE':
      return order <= 0
    default:
      return comparison satisfies never
  }
}

/** Texts by their UTF-8, which is by code point: JavaScript's own `<` goes by UTF-16 and puts emoji before U+E000. */
function compare(value: JsonValue, bound: number | string): number | null {
  if (typeof value === 'number' && typeof bound === 'number') return Math.sign(value - bound)
  if (typeof value === 'string' && typeof bound === 'string') {
    return Buffer.compare(Buffer.from(value), Buffer.from(bound))
  }
  return null
}
