import { badInput, type JsonValue } from '../../json-value.ts'

/** A place in a record: in its data, or one of the record's own columns. */
export type RecordPath =
  | { kind: 'DATA'; segments: readonly string[] }
  | { kind: 'COLUMN'; column: RecordColumn }

export type RecordColumn = 'createdBy' | 'createdAt' | 'updatedAt'

/** What of a record can be filtered and sorted by. Times as `Date.toISOString` writes them. */
export type FilterableRecord = { data: JsonValue } & { createdBy: string | null } & Record<
    'createdAt' | 'updatedAt',
    string
  >

const columns: readonly string[] = ['createdBy', 'createdAt', 'updatedAt'] satisfies RecordColumn[]
const maxSegments = 16
/**
 * A property's name, or an array's index written in the one way that PostgreSQL's `#>` and we agree on: `01`, `+1` and
 * `-1` would be indices for PostgreSQL.
 */
const segmentFormat = /^(?:0|[1-9]\d{0,8}|[\p{L}_$][\p{L}\p{N}\p{M}_$ -]{0,99})$/u
const indexFormat = /^\d+$/

/** @throws {TrellisError} BAD_USER_INPUT */
export function parseRecordPath(path: string): RecordPath {
  if (isColumn(path)) return { kind: 'COLUMN', column: path }
  const segments = path.split('.')
  if (segments[0] === 'data') segments.shift()
  else if (isColumn(segments[0] ?? '')) throw badInput(`The path ${quote(path)} leads into a text.`)
  if (segments.length > maxSegments || !segments.every((segment) => segmentFormat.test(segment))) {
    throw badInput(`${quote(path)} is not a path: names or numbers with dots between them are expected.`)
  }
  return { kind: 'DATA', segments }
}

/** The value there; null where there is none. Arrays are entered by index, objects by own properties only. */
export function valueAt(record: FilterableRecord, path: RecordPath): JsonValue {
  if (path.kind === 'COLUMN') return record[path.column]
  let value: JsonValue = record.data
  for (const segment of path.segments) {
    if (typeof value !== 'object' || value === null) return null
    if (Array.isArray(value) && !indexFormat.test(segment)) return null
    if (!Object.hasOwn(value, segment)) return null
    value = Reflect.get(value, segment)
  }
  return value
}

function isColumn(name: string): name is RecordColumn {
  return columns.includes(name)
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, 100))
}
