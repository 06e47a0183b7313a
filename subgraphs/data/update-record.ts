import { requireMember } from '../access.ts'
import type { DataContext } from './context.ts'
import { lockRecord, type RecordVersion, timeOfChange } from './lock-record.ts'
import { mergePatch } from './merge-patch.ts'
import { type StoredRecord, toRecordData } from './record.ts'
import { writeRecordEvent } from './record-events.ts'
import { requireValidRecord } from './validation/require-valid-record.ts'

/** @throws {TrellisError} FORBIDDEN, NOT_FOUND, CONFLICT, BAD_USER_INPUT, VALIDATION_FAILED */
export async function updateRecord(
  context: DataContext,
  { patch: input, ...wanted }: RecordVersion & { patch: unknown },
): Promise<StoredRecord> {
  const viewer = requireMember(context.viewer, 'records:write')
  const patch = toRecordData(input, 'The patch')
  return context.events.transaction(async (tx, append) => {
    const { record: before, collection } = await lockRecord(tx, viewer, wanted)
    const data = toRecordData(mergePatch(before.data, patch), 'The record')
    requireValidRecord(context.schemas(collection), data)
    const at = timeOfChange(before)
    const after: StoredRecord = { ...before, data, version: before.version + 1, updatedAt: at }
    await tx.record.update({
      where: { id: after.id },
      data: { data, version: after.version, updatedAt: at },
    })
    await writeRecordEvent({ tx, append }, context, { transition: { type: 'UPDATED', before, after }, at })
    return after
  })
}
