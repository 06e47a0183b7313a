import { createHash } from 'node:crypto'
import { TrellisError } from '../foundation/errors.ts'
import { actorOf, type ClientViewer } from '../foundation/viewer.ts'
import { boundedText } from './bounded-text.ts'

/**
 * What a Prisma transaction must offer. The table is prisma/idempotency-key.sql, the same in every module.
 * Values are bound parameters.
 */
export type IdempotencyTransaction = {
  $executeRaw(query: TemplateStringsArray, ...values: unknown[]): Promise<number>
  $queryRaw<T = unknown>(query: TemplateStringsArray, ...values: unknown[]): Promise<T>
}

export type IdempotentOperation = {
  viewer: ClientViewer
  /** The caller's `idempotencyKey`; without one the operation just runs. */
  key: string | null | undefined
  /** The mutation's name: a key used for another mutation is another input. */
  name: string
  /** What the caller asked for, without the key: JSON. Only its hash is stored; hash secrets with a key first. */
  input: unknown
}

type Answered = { input_hash: Uint8Array; result: unknown }

const longestKey = 200

/**
 * Runs `work` once for each key of a viewer: a repetition gets the first run's result, in which only JSON survives
 * (an id is the best result). Must be called inside the transaction in which `work` writes. Two at once: the second
 * waits for the first to commit.
 *
 * @throws {TrellisError} IDEMPOTENCY_CONFLICT if the key came with another input; BAD_USER_INPUT for an unusable key
 */
export async function idempotently<Result>(
  tx: IdempotencyTransaction,
  { viewer, key, name, input }: IdempotentOperation,
  work: () => Promise<Result>,
): Promise<Result> {
  if (key === null || key === undefined) return work()
  boundedText(key, { what: 'idempotencyKey', max: longestKey })
  const { client } = viewer
  const actor = actorOf(viewer)
  const hash = createHash('sha256')
    .update(canonicalJson([name, input]))
    .digest()

  const taken = await tx.$executeRaw`
    INSERT INTO idempotency_key (client, actor, key, input_hash) VALUES (${client}, ${actor}, ${key}, ${hash})
    ON CONFLICT DO NOTHING`
  if (taken === 0) {
    const before = await answeredBefore<Result>(tx, { client, actor, key, hash })
    // Purged just now: it is free again.
    return before ? before.result : idempotently(tx, { viewer, key, name, input }, work)
  }

  const result = await work()
  const json = JSON.stringify(result ?? null)
  await tx.$executeRaw`
    UPDATE idempotency_key SET result = ${json}::jsonb
    WHERE client = ${client} AND actor = ${actor} AND key = ${key}`
  return result
}

type TakenKey = { client: string; actor: string; key: string; hash: Buffer }

async function answeredBefore<Result>(
  tx: IdempotencyTransaction,
  { client, actor, key, hash }: TakenKey,
): Promise<{ result: Result } | null> {
  const rows = await tx.$queryRaw<Answered[]>`
    SELECT input_hash, result FROM idempotency_key
    WHERE client = ${client} AND actor = ${actor} AND key = ${key}`
  const before = rows[0]
  if (!before) return null
  if (!hash.equals(before.input_hash)) {
    throw new TrellisError(
      'IDEMPOTENCY_CONFLICT',
      'This idempotency key was used before, with another input.',
    )
  }
  return { result: before.result as Result }
}

/** The same JSON value gives the same text, whatever the order of its keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
