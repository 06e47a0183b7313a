import { repeatEvery } from '../../../events/bus/repeat-every.ts'
import type { Close } from '../../../foundation/closing.ts'
import type { Log } from '../../../foundation/log.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

/** What each client's lambdas wrote down, the newest lines of it. */
export type PluginLog = {
  /** Is written soon; a host that is killed loses the last moment. */
  write(client: string, lines: readonly NewLine[]): void
  /** Newest first; before the line of that `seq`. */
  read(client: string, page: LogPage): Promise<LogLine[]>
  /** Resolves when all that came before the call is in the database, or could not be written. */
  flush(): Promise<void>
  close: Close
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type NewLine = { lambda: string; level: LogLevel; line: string }
export type LogLine = NewLine & { seq: string; time: Date }
export type LogPage = { before: string | null; limit: number; lambda: string | null; level: LogLevel | null }

export const logLimits = {
  lineChars: 2_000,
  /** Kept of a client. */
  lines: 5_000,
  days: 7,
  /** Taken of a client between two writings; what is more is counted. */
  linesAtOnce: 200,
}
const flushMs = 250
const trimAfterLines = 500
const trimEveryMs = 3_600_000

type Waiting = { lines: (NewLine & { time: string })[]; leftOut: number }

export function openPluginLog(db: PrismaClient, log: Log): PluginLog {
  let waiting = new Map<string, Waiting>()
  const sinceTrim = new Map<string, number>()
  let flushing = Promise.resolve()

  async function writeOut(): Promise<void> {
    if (waiting.size === 0) return
    const taken = waiting
    waiting = new Map()
    const rows = [...taken].flatMap(([client, one]) => rowsOf(client, one))
    await insert(db, rows)
    for (const [client, { lines }] of taken) await trimWhenDue(client, lines.length)
  }

  async function trimWhenDue(client: string, written: number): Promise<void> {
    const since = (sinceTrim.get(client) ?? trimAfterLines) + written
    sinceTrim.set(client, since)
    if (since < trimAfterLines) return
    sinceTrim.set(client, 0)
    await db.$executeRaw`
      DELETE FROM plugin_log_line WHERE client = ${client} AND seq <= (
        SELECT seq FROM plugin_log_line WHERE client = ${client} ORDER BY seq DESC OFFSET ${logLimits.lines} LIMIT 1)`
  }

  function flush(): Promise<void> {
    flushing = flushing
      .then(writeOut)
      .catch((error) => log.warn({ err: error }, 'log lines of plugins could not be written'))
    return flushing
  }

  const stopFlushing = repeatEvery(flushMs, flush)
  const stopTrimming = repeatEvery(trimEveryMs, () => trimOld(db, log))
  return {
    write(client, lines) {
      const mine = waiting.get(client) ?? { lines: [], leftOut: 0 }
      waiting.set(client, mine)
      const time = new Date().toISOString()
      const room = Math.max(0, logLimits.linesAtOnce - mine.lines.length)
      for (const { lambda, level, line } of lines.slice(0, room))
        mine.lines.push({ lambda, level, line: storable(line), time })
      mine.leftOut += Math.max(0, lines.length - room)
    },
    read: (client, { before, limit, lambda, level }) => db.$queryRaw<LogLine[]>`
      SELECT seq::text, time, level, lambda, line FROM plugin_log_line
      WHERE client = ${client} AND (${before}::bigint IS NULL OR seq < ${before}::bigint)
        AND (${lambda}::text IS NULL OR lambda = ${lambda}) AND (${level}::text IS NULL OR level = ${level})
      ORDER BY plugin_log_line.seq DESC LIMIT ${limit}`,
    flush,
    async close() {
      await Promise.all([stopFlushing(), stopTrimming()])
      await flush()
    },
  }
}

type Row = NewLine & { client: string; time: string }

function rowsOf(client: string, { lines, leftOut }: Waiting): Row[] {
  const rows = lines.map((line) => ({ client, ...line }))
  const last = rows.at(-1)
  if (leftOut === 0 || !last) return rows
  return [...rows, { ...last, level: 'warn', line: `${leftOut} more lines were left out.` }]
}

async function insert(db: PrismaClient, rows: readonly Row[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO plugin_log_line (client, time, level, lambda, line)
    SELECT client, time, level, lambda, line FROM ROWS FROM (
      jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (client text, time timestamptz, level text, lambda text, line text)
    ) WITH ORDINALITY ORDER BY ordinality`
}

async function trimOld(db: PrismaClient, log: Log): Promise<void> {
  await db.$executeRaw`DELETE FROM plugin_log_line WHERE time < now() - make_interval(days => ${logLimits.days}::int)`.catch(
    (error) => log.warn({ err: error }, 'old log lines of plugins could not be removed'),
  )
}

/** PostgreSQL keeps neither NUL nor half of a surrogate pair. */
function storable(line: string): string {
  return line.slice(0, logLimits.lineChars).replaceAll('\0', '').toWellFormed()
}
