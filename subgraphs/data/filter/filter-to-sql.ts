import { Prisma } from '../../../prisma/generated/data/client.ts'
import type { JsonValue } from '../../json-value.ts'
import type { Comparison, Condition, Filter } from './parse-filter.ts'
import type { RecordColumn, RecordPath } from './record-path.ts'

/**
 * A filter as a condition on the table `record`; everything of the caller's is a parameter. No part of it is ever SQL
 * NULL, so NOT means what it says. `matchesFilter` gives the same answers in process.
 */
export function filterToSql(filter: Filter): Prisma.Sql {
  switch (filter.kind) {
    case 'AND':
      return combine(filter.filters, ' AND ', Prisma.sql`TRUE`)
    case 'OR':
      return combine(filter.filters, ' OR ', Prisma.sql`FALSE`)
    case 'NOT':
      return Prisma.sql`NOT (${filterToSql(filter.filter)})`
    default:
      return conditionToSql(filter)
  }
}

/** The value at a path as jsonb; JSON null where there is none. */
export function pathToSql(path: RecordPath): Prisma.Sql {
  if (path.kind === 'COLUMN') return columns[path.column]
  if (path.segments.length === 0) return Prisma.sql`"data"`
  return Prisma.sql`COALESCE("data" #> ${[...path.segments]}::text[], 'null'::jsonb)`
}

const columns: Record<RecordColumn, Prisma.Sql> = {
  createdBy: Prisma.sql`COALESCE(to_jsonb("created_by"), 'null'::jsonb)`,
  createdAt: Prisma.sql`to_jsonb(to_char("created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
  updatedAt: Prisma.sql`to_jsonb(to_char("updated_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`,
}

function combine(filters: readonly Filter[], separator: string, empty: Prisma.Sql): Prisma.Sql {
  if (filters.length === 0) return empty
  return Prisma.join(filters.map(filterToSql), separator, '(', ')')
}

function conditionToSql(condition: Condition): Prisma.Sql {
  const value = pathToSql(condition.path)
  switch (condition.kind) {
    case 'EQ':
      return equals(condition.path, condition.value)
    case 'NE':
      return Prisma.sql`${value} <> ${json(condition.value)}`
    case 'IN':
      return isOneOf(condition.path, condition.values)
    case 'EXISTS':
      return condition.value ? Prisma.sql`${value} <> 'null'::jsonb` : Prisma.sql`${value} = 'null'::jsonb`
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

function equals(path: RecordPath, value: JsonValue): Prisma.Sql {
  if (isCreator(path) && typeof value === 'string') {
    return Prisma.sql`("created_by" IS NOT NULL AND "created_by" = ${value})`
  }
  return Prisma.sql`${pathToSql(path)} = ${json(value)}`
}

function isOneOf(path: RecordPath, values: readonly JsonValue[]): Prisma.Sql {
  const texts = values.filter((value) => typeof value === 'string')
  if (isCreator(path) && texts.length === values.length) {
    return Prisma.sql`("created_by" IS NOT NULL AND "created_by" = ANY(${texts}::text[]))`
  }
  return Prisma.sql`${pathToSql(path)} IN (${Prisma.join(values.map(json))})`
}

/** The bare column is compared, so that the index over collection and creator serves it. */
function isCreator(path: RecordPath): boolean {
  return path.kind === 'COLUMN' && path.column === 'createdBy'
}

function contains(value: Prisma.Sql, part: string | number | boolean): Prisma.Sql {
  const element = Prisma.sql`(jsonb_typeof(${value}) = 'array' AND ${value} @> ${json([part])})`
  if (typeof part !== 'string') return element
  return Prisma.sql`(${element} OR (jsonb_typeof(${value}) = 'string' AND strpos(${value} #>> '{}', ${part}) > 0))`
}

function compares(comparison: Comparison, value: Prisma.Sql, bound: number | string): Prisma.Sql {
  if (typeof bound === 'number') {
    return Prisma.sql`(jsonb_typeof(${value}) = 'number' AND ${value} ${operators[comparison]} ${json(bound)})`
  }
  // Collation "C" is the order of the bytes, the same on every server and in matchesFilter.
  return Prisma.sql`(jsonb_typeof(${value}) = 'string' AND (${value} #>> '{}') COLLATE "C" ${operators[comparison]} ${bound})`
}

const operators: Record<Comparison, Prisma.Sql> = {
  GT: Prisma.sql`>`,
  GTE: Prisma.sql`>=`,
  LT: Prisma.sql`<`,
  LTE: Prisma.sql`<=`,
}

function json(value: JsonValue): Prisma.Sql {
  return Prisma.sql`${JSON.stringify(value)}::jsonb`
}
