import { Prisma } from '../../prisma/generated/data/client.ts'
import type { Position } from '../cursors.ts'
import { badInput, type JsonValue } from '../json-value.ts'
import { pathToSql } from './filter/filter-to-sql.ts'
import { parseRecordPath, type RecordPath, valueAt } from './filter/record-path.ts'
import { asFilterable, type StoredRecord } from './record.ts'

export type RecordOrderInput = { path: string; direction: 'ASC' | 'DESC' }

/** A total order of records: by paths, and by id where those are equal. */
export type RecordOrder = {
  keys: readonly OrderKey[]
  /** Of the id; that of the last key. */
  direction: 'ASC' | 'DESC'
}

type OrderKey = { path: RecordPath; direction: 'ASC' | 'DESC' }

const maxKeys = 3
/** So that a cursor, which holds the values of its record, stays short. */
const comparedCharacters = 256

/** @param input none or empty: oldest first. @throws {TrellisError} BAD_USER_INPUT */
export function parseRecordOrder(input: readonly RecordOrderInput[] | null | undefined): RecordOrder {
  const orders = input?.length ? input : [{ path: 'createdAt', direction: 'ASC' as const }]
  if (orders.length > maxKeys) throw badInput(`A list is ordered by at most ${maxKeys} paths.`)
  const keys = orders.map(({ path, direction }) => ({ path: parseRecordPath(path), direction }))
  return { keys, direction: keys.at(-1)?.direction ?? 'ASC' }
}

export function orderToSql({ keys, direction }: RecordOrder): Prisma.Sql {
  const columns = keys.map((key) => Prisma.sql`${keyToSql(key.path)} ${directions[key.direction]}`)
  return Prisma.join([...columns, Prisma.sql`"record"."id" COLLATE "C" ${directions[direction]}`])
}

/** The records behind a position that `positionInOrder` made. */
export function afterPositionToSql({ keys, direction }: RecordOrder, position: Position): Prisma.Sql {
  const steps = [
    ...keys.map((key, index) => ({
      column: keyToSql(key.path),
      value: valueToSql(key.path, position[index] ?? null),
      direction: key.direction,
    })),
    {
      column: Prisma.sql`"record"."id" COLLATE "C"`,
      value: Prisma.sql`${String(position.at(-1))}`,
      direction,
    },
  ]
  // (a, b) > (x, y) is a > x, or a = x and b > y; each key in its own direction.
  const alternatives = steps.map((step, index) => {
    const equal = steps.slice(0, index).map((before) => Prisma.sql`${before.column} = ${before.value}`)
    const further = Prisma.sql`${step.column} ${beyond[step.direction]} ${step.value}`
    return Prisma.join([...equal, further], ' AND ', '(', ')')
  })
  const further = Prisma.join(alternatives, ' OR ', '(', ')')
  const [foremost] = steps
  if (!foremost) return further
  // Says nothing new, but an index begins to read there and not at the first of the alternatives.
  return Prisma.sql`${foremost.column} ${notBefore[foremost.direction]} ${foremost.value} AND ${further}`
}

/** What `orderToSql` compares of a record, and its id. */
export function positionInOrder({ keys }: RecordOrder, record: StoredRecord): Position {
  const filterable = asFilterable(record)
  return [...keys.map(({ path }) => comparable(valueAt(filterable, path))), record.id]
}

const directions = { ASC: Prisma.sql`ASC`, DESC: Prisma.sql`DESC` }
const notBefore = { ASC: Prisma.sql`>=`, DESC: Prisma.sql`<=` }
const beyond = { ASC: Prisma.sql`>`, DESC: Prisma.sql`<` }

/** Times as they are, so that the index serves them; all else as jsonb, in which null < text < number < boolean. */
function keyToSql(path: RecordPath): Prisma.Sql {
  if (path.kind === 'COLUMN' && path.column === 'createdAt') return Prisma.sql`"record"."created_at"`
  if (path.kind === 'COLUMN' && path.column === 'updatedAt') return Prisma.sql`"record"."updated_at"`
  const value = pathToSql(path)
  return Prisma.sql`CASE jsonb_typeof(${value})
    WHEN 'string' THEN to_jsonb(left(${value} #>> '{}', ${comparedCharacters}::int))
    WHEN 'object' THEN 'null'::jsonb WHEN 'array' THEN 'null'::jsonb ELSE ${value} END`
}

function valueToSql(path: RecordPath, value: Position[number]): Prisma.Sql {
  const isTime = path.kind === 'COLUMN' && path.column !== 'createdBy'
  return isTime ? Prisma.sql`${String(value)}::timestamptz` : Prisma.sql`${JSON.stringify(value)}::jsonb`
}

/** PostgreSQL's `left` counts code points, and so does the iterator of a string. */
function comparable(value: JsonValue): string | number | boolean | null {
  if (typeof value === 'string') return [...value].slice(0, comparedCharacters).join('')
  return typeof value === 'object' ? null : value
}
