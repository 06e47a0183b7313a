import type { PlatformTransaction } from './platform-database.ts'

/** What of the graph an operation in a plugin's code uses. `line` counts from 1, in that file. */
export type AskedCoordinate = {
  /** `User`, `User.name`, `Query.user(id:)`, `NotifyInput.title`, `Role.ADMIN` */
  coordinate: string
  /** Its name, where it has one. */
  operation: string | null
  file: string
  line: number
}

/** Which of these coordinates the releases ask, by client. */
export type ReadAsked = (
  releases: readonly { client: string; number: number }[],
  coordinates: readonly string[],
) => Promise<ReadonlyMap<string, AskedCoordinate[]>>

/** It is read for those who may lose something, and kept in no state: a thousand clients ask much. */
export function createReadAsked(db: Pick<PlatformTransaction, '$queryRaw'>): ReadAsked {
  return async (releases, coordinates) => {
    const clients = releases.map(({ client }) => client)
    const numbers = releases.map(({ number }) => number)
    const rows = await db.$queryRaw<(AskedCoordinate & { client: string })[]>`
      SELECT r.client, a.coordinate, a.operation, a.file, a.line
      FROM unnest(${clients}::text[], ${numbers}::int[]) AS wanted (client, number)
      JOIN plugin_release r ON r.client = wanted.client AND r.number = wanted.number
      CROSS JOIN jsonb_to_recordset(r.asked) AS a (coordinate text, operation text, file text, line int)
      WHERE a.coordinate = ANY(${coordinates}::text[])`
    return Map.groupBy(rows, ({ client }) => client)
  }
}
