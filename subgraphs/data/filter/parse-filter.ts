import { badInput, isJsonObject, type JsonValue, toJsonValue } from '../../json-value.ts'
import { parseRecordPath, type RecordPath } from './record-path.ts'

/**
 * A filter in its one meaning, which `filterToSql` gives to PostgreSQL and `matchesFilter` to a single record. A missing
 * value is null, so that each condition is true or false and `not` has no third case.
 */
export type Filter =
  | { kind: 'AND' | 'OR'; filters: readonly Filter[] }
  | { kind: 'NOT'; filter: Filter }
  | Condition

export type Condition =
  | { kind: 'EQ' | 'NE'; path: RecordPath; value: JsonValue }
  | { kind: 'IN'; path: RecordPath; values: readonly JsonValue[] }
  | { kind: Comparison; path: RecordPath; value: number | string }
  | { kind: 'EXISTS'; path: RecordPath; value: boolean }
  | { kind: 'CONTAINS'; path: RecordPath; value: string | number | boolean }

export type Comparison = 'GT' | 'GTE' | 'LT' | 'LTE'

const maxBytes = 64 * 1024
const maxConditions = 50
const maxDepth = 12
const maxInValues = 1000

/**
 * @param input the caller's JSON; null and undefined are the filter that everything passes
 * @throws {TrellisError} BAD_USER_INPUT naming the first thing that cannot be read
 */
export function parseFilter(input: unknown): Filter {
  if (input === null || input === undefined) return { kind: 'AND', filters: [] }
  const value = toJsonValue(input, { what: 'The filter', maxBytes, maxDepth })
  const filter = parseObject(value)
  if (countConditions(filter) > maxConditions)
    throw badInput(`A filter has at most ${maxConditions} conditions.`)
  return filter
}

function parseObject(value: JsonValue): Filter {
  if (!isJsonObject(value)) throw badInput('A filter is an object.')
  const filters = Object.entries(value).map(([key, member]) => parseMember(key, member))
  const [only] = filters
  return filters.length === 1 && only ? only : { kind: 'AND', filters }
}

function parseMember(key: string, member: JsonValue): Filter {
  switch (key) {
    case 'and':
      return { kind: 'AND', filters: parseList(key, member) }
    case 'or':
      return { kind: 'OR', filters: parseList(key, member) }
    case 'not':
      return { kind: 'NOT', filter: parseObject(member) }
    default:
      return parseConditions(key, member)
  }
}

function parseList(key: string, member: JsonValue): Filter[] {
  if (!Array.isArray(member) || member.length === 0)
    throw badInput(`\`${key}\` is a list of one or more filters.`)
  return member.map(parseObject)
}

function parseConditions(key: string, member: JsonValue): Filter {
  const path = parseRecordPath(key)
  if (!isJsonObject(member)) return parseCondition(path, 'eq', member)
  const operators = Object.entries(member)
  if (operators.length === 0) throw badInput(`The path "${key}" has no operator.`)
  return { kind: 'AND', filters: operators.map(([operator, value]) => parseCondition(path, operator, value)) }
}

function parseCondition(path: RecordPath, operator: string, value: JsonValue): Condition {
  switch (operator) {
    case 'eq':
    case 'ne':
      return { kind: operator === 'eq' ? 'EQ' : 'NE', path, value: operand(path, value) }
    case 'in':
      return { kind: 'IN', path, values: parseIn(value).map((element) => operand(path, element)) }
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { kind: comparisons[operator], path, value: parseComparable(operator, operand(path, value)) }
    case 'exists':
      if (typeof value !== 'boolean') throw badInput('`exists` is true or false.')
      return { kind: 'EXISTS', path, value }
    case 'contains':
      return { kind: 'CONTAINS', path, value: parseContained(value) }
    default:
      throw badInput(
        `There is no operator ${JSON.stringify(operator.slice(0, 100))}. An object to compare with goes into \`eq\`.`,
      )
  }
}

const comparisons = { gt: 'GT', gte: 'GTE', lt: 'LT', lte: 'LTE' } as const

function parseIn(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxInValues) {
    throw badInput(`\`in\` is a list of 1 to ${maxInValues} values.`)
  }
  return value
}

function parseComparable(operator: string, value: JsonValue): number | string {
  if (typeof value === 'number' || typeof value === 'string') return value
  throw badInput(`\`${operator}\` compares with a number or a text.`)
}

function parseContained(value: JsonValue): string | number | boolean {
  if (typeof value === 'object') throw badInput('`contains` looks for a text, a number, true or false.')
  return value
}

/** Times have one spelling in comparisons, whatever offset and precision the caller wrote. */
function operand(path: RecordPath, value: JsonValue): JsonValue {
  if (path.kind !== 'COLUMN' || path.column === 'createdBy' || value === null) return value
  const time = typeof value === 'string' && rfc3339.test(value) ? new Date(value) : new Date(Number.NaN)
  if (Number.isNaN(time.getTime())) throw badInput(`\`${path.column}\` is compared with RFC 3339 times.`)
  return time.toISOString()
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i

function countConditions(filter: Filter): number {
  switch (filter.kind) {
    case 'AND':
    case 'OR':
      return filter.filters.reduce((sum, member) => sum + countConditions(member), 0)
    case 'NOT':
      return countConditions(filter.filter)
    default:
      return 1
  }
}
