import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { Append } from '../../events/log/module-log.ts'
import { actorOf } from '../../foundation/viewer.ts'
import type { Prisma, RecordEventType } from '../../prisma/generated/data/client.ts'
import type { Call } from '../call.ts'
import type { JsonObject } from '../json-value.ts'
import type { StoredRecord } from './record.ts'

/** A change of a record: the record since then, and before; either is null where there is none. */
export type RecordTransition =
  | { type: 'CREATED'; before: null; after: StoredRecord }
  | { type: 'UPDATED'; before: StoredRecord; after: StoredRecord }
  | { type: 'DELETED'; before: StoredRecord; after: null }

/** The `data` of the platform events `data.record.created`, `.updated` and `.deleted`, version 1. Their subject is the record's id. */
export type RecordEventData = {
  collection: string
  /** The version that the change made. */
  version: number
  /** Since the change; of a deletion, the last there was. */
  data: JsonObject
  /** Before the change; null for a new record. */
  previous: JsonObject | null
  /** A user's id; null where a key made the record. */
  createdBy: string | null
  /** RFC 3339, as the two below. */
  createdAt: string
  updatedAt: string
  previousUpdatedAt: string | null
}

export const recordEventTypes: Record<RecordEventType, string> = {
  CREATED: 'data.record.created',
  UPDATED: 'data.record.updated',
  DELETED: 'data.record.deleted',
}

/** Writes a change to the record's history and to the log, in the transaction that changes the projection. */
export async function writeRecordEvent(
  { tx, append }: { tx: Prisma.TransactionClient; append: Append },
  { viewer, traceparent }: Pick<Call, 'viewer' | 'traceparent'>,
  { transition, at }: { transition: RecordTransition; at: Date },
): Promise<void> {
  const { type, before } = transition
  const state = transition.after ?? transition.before
  const version = before ? before.version + 1 : 1
  const { id, client, collection, data } = state
  const actor = actorOf(viewer)
  await tx.recordEvent.create({ data: { recordId: id, version, client, collection, type, data, actor, at } })
  const payload: RecordEventData = {
    collection,
    version,
    data,
    previous: before?.data ?? null,
    createdBy: state.createdBy,
    createdAt: state.createdAt.toISOString(),
    updatedAt: at.toISOString(),
    previousUpdatedAt: before?.updatedAt.toISOString() ?? null,
  }
  await append({ type: recordEventTypes[type], subject: id, client, actor, traceparent, data: payload })
}

/** Reads what `writeRecordEvent` appended. */
export function transitionOf(event: PlatformEvent): RecordTransition {
  // Written by this module and nobody else.
  const data = event.data as RecordEventData
  const after: StoredRecord = {
    id: event.subject,
    client: event.client,
    collection: data.collection,
    data: data.data,
    version: data.version,
    createdBy: data.createdBy,
    createdAt: new Date(data.createdAt),
    updatedAt: new Date(data.updatedAt),
  }
  if (data.previous === null || data.previousUpdatedAt === null)
    return { type: 'CREATED', before: null, after }
  const before: StoredRecord = {
    ...after,
    data: data.previous,
    version: data.version - 1,
    updatedAt: new Date(data.previousUpdatedAt),
  }
  return event.type === recordEventTypes.DELETED
    ? { type: 'DELETED', before, after: null }
    : { type: 'UPDATED', before, after }
}
