import { requireMember } from '../access.ts'
import type { DataContext } from './context.ts'
import { lockRecord, type RecordVersion, timeOfChange } from './lock-record.ts'
import { writeRecordEvent } from './record-events.ts'

/** Takes the record out of the projection; its history stays. @throws {TrellisError} FORBIDDEN, NOT_FOUND, CONFLICT */
export async function deleteRecord(context: DataContext, wanted: RecordVersion): Promise<boolean> {
  const viewer = requireMember(context.viewer, 'records:write')
  return context.events.transaction(async (tx, append) => {
    const { record: before } = await lockRecord(tx, viewer, wanted)
    await tx.record.delete({ where: { id: before.id } })
    const at = timeOfChange(before)
    await writeRecordEvent({ tx, append }, context, {
      transition: { type: 'DELETED', before, after: null },
      at,
    })
    return true
  })
}
