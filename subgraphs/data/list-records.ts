import { createHash } from 'node:crypto'
import { Prisma } from '../../prisma/generated/data/client.ts'
import { requireReader } from '../access.ts'
import { type Connection, type PageArguments, readConnection } from '../connection.ts'

import type { DataContext } from './context.ts'
import { filterToSql } from './filter/filter-to-sql.ts'
import { parseFilter } from './filter/parse-filter.ts'
import { recordColumns, type StoredRecord } from './record.ts'
import { readableToSql, visibilityOf } from './record-access.ts'
import {
  afterPositionToSql,
  orderToSql,
  parseRecordOrder,
  positionInOrder,
  type RecordOrderInput,
} from './record-order.ts'
import { requireCollection } from './require-collection.ts'

export type ListRecordsInput = PageArguments & {
  collection: string
  filter?: unknown
  orderBy?: readonly RecordOrderInput[] | null
}

/** The records of a collection that the viewer may read. @throws {TrellisError} FORBIDDEN, NOT_FOUND, BAD_USER_INPUT, CURSOR_INVALID */
export async function listRecords(
  context: DataContext,
  input: ListRecordsInput,
): Promise<Connection<StoredRecord>> {
  const viewer = requireReader(context.viewer, 'records:read')
  const filter = parseFilter(input.filter)
  const order = parseRecordOrder(input.orderBy)
  const { client, name, access } = await requireCollection(context, input.collection)
  const wanted = Prisma.sql`"record"."client" = ${client} AND "record"."collection" = ${name}
    AND ${readableToSql(viewer, access)} AND ${filterToSql(filter)}`
  const selection = digest([filter, order])

  return readConnection<StoredRecord>(
    context.cursors,
    {
      place: { client, list: `records:${name}:${visibilityOf(viewer, access)}:${selection}` },
      position: (record) => positionInOrder(order, record),
      read: (after, limit) => context.db.$queryRaw<StoredRecord[]>`
        SELECT ${recordColumns} FROM "record"
        WHERE ${wanted} AND ${after ? afterPositionToSql(order, after) : Prisma.sql`TRUE`}
        ORDER BY ${orderToSql(order)} LIMIT ${limit}`,
      count: async () => {
        const [row] = await context.db.$queryRaw<{ count: number }[]>`
          SELECT count(*)::int AS "count" FROM "record" WHERE ${wanted}`
        return row?.count ?? 0
      },
    },
    input,
  )
}

/** A cursor belongs to one filter and one order. */
function digest(selection: unknown): string {
  return createHash('sha256').update(JSON.stringify(selection)).digest('base64url')
}
