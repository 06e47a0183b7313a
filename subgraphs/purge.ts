import { setTimeout as delay } from 'node:timers/promises'
import type { Close } from '../foundation/closing.ts'
import type { Log } from '../foundation/log.ts'
import type { IdempotencyTransaction } from './idempotency.ts'

export type PurgeTransaction = IdempotencyTransaction

/** Rows of a module that have served their time. */
export type Purge<Transaction extends PurgeTransaction> = {
  /** Named in log lines. */
  what: string
  /** Deletes a part of them, `purgeBatch` rows at most. @returns how many */
  deleteSome(tx: Transaction): Promise<number>
}

export type PurgeOptions<Transaction extends PurgeTransaction> = {
  db: { $transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> }
  log: Log
  purges: readonly Purge<Transaction>[]
}

/** So that no purge holds its rows for long. */
export const purgeBatch = 1_000
const everyMs = 10 * 60 * 1_000

/**
 * Deletes what a module need not keep, at the start and every ten minutes, until it is closed. Of its instances one at a
 * time does; what fails is tried again at the next time.
 */
export function startPurging<Transaction extends PurgeTransaction>(
  options: PurgeOptions<Transaction>,
): Close {
  const closing = new AbortController()
  const { signal } = closing
  const purging = (async () => {
    while (!signal.aborted) {
      await purge(options, signal).catch((error) =>
        options.log.warn({ err: error }, 'could not delete what need not be kept'),
      )
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
    }
  })()
  return () => {
    closing.abort()
    return purging
  }
}

/** All that is there now. @returns how many rows are gone */
export async function purge<Transaction extends PurgeTransaction>(
  { db, log, purges }: PurgeOptions<Transaction>,
  signal: AbortSignal,
): Promise<number> {
  let total = 0
  for (const { what, deleteSome } of purges) {
    let gone = purgeBatch
    while (gone >= purgeBatch && !signal.aborted) {
      gone = await db.$transaction(async (tx) => ((await takesTurn(tx)) ? deleteSome(tx) : 0))
      total += gone
      if (gone > 0) log.debug({ what, gone }, 'deleted what need not be kept')
    }
  }
  return total
}

/** For this transaction; false while another instance has it. */
async function takesTurn(tx: PurgeTransaction): Promise<boolean> {
  const [row] = await tx.$queryRaw<
    { taken: boolean }[]
  >`SELECT pg_try_advisory_xact_lock(hashtextextended('trellis purge', 0)) AS taken`
  return row?.taken ?? false
}

/** A key is good for a week: nobody repeats a request later than that. */
export const oldIdempotencyKeys: Purge<PurgeTransaction> = {
  what: 'idempotency keys',
  deleteSome: (tx) => tx.$executeRaw`
    DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_key WHERE created_at < now() - interval '7 days' LIMIT ${purgeBatch}))`,
}
