import { TrellisError } from '../../foundation/errors.ts'
import { isStorableText } from '../../foundation/storable-text.ts'
import { actorOf } from '../../foundation/viewer.ts'
import { requirePerson } from '../access.ts'
import type { Call } from '../call.ts'
import type { NotificationsModule } from './notifications-module.ts'

const mostIds = 100

/** Answers how many were not read before. @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT */
export async function markRead(
  module: NotificationsModule,
  { viewer, traceparent }: Call,
  ids: readonly string[],
): Promise<number> {
  const { client, userId } = requirePerson(viewer)
  if (ids.length > mostIds)
    throw new TrellisError('BAD_USER_INPUT', `\`ids\` has at most ${mostIds} entries.`)
  const actor = actorOf(viewer)
  return module.events.transaction(async (tx, append) => {
    const read = await tx.notification.updateManyAndReturn({
      where: { client, userId, id: { in: ids.filter(isStorableText) }, readAt: null },
      data: { readAt: new Date() },
      select: { id: true },
    })
    for (const { id } of read) {
      const data = { notificationId: id, userId }
      await append({ type: 'notifications.notification.read', subject: id, client, actor, traceparent, data })
    }
    return read.length
  })
}
