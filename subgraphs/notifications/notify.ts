import { actorOf } from '../../foundation/viewer.ts'
import { type Notification, Prisma } from '../../prisma/generated/notifications/client.ts'
import { requireAdmin } from '../access.ts'
import { boundedText } from '../bounded-text.ts'
import type { Call } from '../call.ts'
import { idempotently } from '../idempotency.ts'
import { toJsonValue } from '../json-value.ts'
import type { NotificationsModule } from './notifications-module.ts'

export type NotifyInput = {
  userId: string
  topic: string
  title: string
  body: string
  data?: unknown
  idempotencyKey?: string | null
}

export const notificationCreated = 'notifications.notification.created'

const largestDataBytes = 64 * 1024

/**
 * Sends a notification. The users module is not asked whether the recipient exists: an id of nobody, or of somebody
 * of another client, is a notification that nobody can ever read.
 *
 * @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT, IDEMPOTENCY_CONFLICT
 */
export async function notify(
  module: NotificationsModule,
  { viewer, traceparent }: Call,
  { idempotencyKey: key, ...input }: NotifyInput,
): Promise<Notification> {
  requireAdmin(viewer, 'notify')
  const { client } = viewer
  const content = checked(input)
  const { userId } = content
  const id = await module.events.transaction((tx, append) =>
    idempotently(tx, { viewer, key, name: 'notify', input }, async () => {
      const notificationId = crypto.randomUUID()
      await tx.notification.create({
        data: { id: notificationId, client, ...content, createdAt: new Date() },
      })
      await append({
        type: notificationCreated,
        subject: notificationId,
        client,
        actor: actorOf(viewer),
        traceparent,
        data: { notificationId, userId },
      })
      return notificationId
    }),
  )
  return module.db.notification.findFirstOrThrow({ where: { client, id } })
}

function checked({ userId, topic, title, body, data }: Omit<NotifyInput, 'idempotencyKey'>) {
  return {
    userId: boundedText(userId, { what: 'userId', max: 200 }),
    topic: boundedText(topic, { what: 'topic', max: 200 }),
    title: boundedText(title, { what: 'title', max: 500 }),
    body: boundedText(body, { what: 'body', min: 0, max: 10_000 }),
    data:
      data === null || data === undefined
        ? Prisma.DbNull
        : (toJsonValue(data, { what: '`data`', maxBytes: largestDataBytes }) as Prisma.InputJsonValue),
  }
}
