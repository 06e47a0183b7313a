import type { LogEntry } from '../../events/log-stream.ts'
import { patiently } from '../../events/patiently.ts'
import type { PlatformEvent } from '../../events/platform-event.ts'
import type { Notification } from '../../prisma/generated/notifications/client.ts'
import { requirePerson } from '../access.ts'
import type { Call } from '../call.ts'
import type { NotificationsModule } from './notifications-module.ts'
import { notificationCreated } from './notify.ts'

export type NotificationAdded = {
  notificationAdded: { cursor: string; lagged: number; notification: Notification }
}

/**
 * The viewer's own notifications: those after the cursor, then live.
 *
 * @throws {TrellisError} FORBIDDEN; from the first event: CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
 */
export function notificationAdded(
  module: NotificationsModule,
  { viewer, signal }: Call,
  after: string | null,
): AsyncGenerator<NotificationAdded> {
  const { client, userId } = requirePerson(viewer)
  const stream = {
    name: `notificationAdded:${userId}`,
    client,
    types: [notificationCreated],
    passes: ({ data }: PlatformEvent) => data.userId === userId,
  }
  return payloads(module, module.events.tail(stream, after, signal), { client, userId, signal })
}

async function* payloads(
  { db, log }: NotificationsModule,
  entries: AsyncGenerator<LogEntry>,
  { signal, ...own }: { client: string; userId: string; signal: AbortSignal },
): AsyncGenerator<NotificationAdded> {
  for await (const { cursor, lagged, event } of entries) {
    const find = () => db.notification.findFirst({ where: { ...own, id: event.subject } })
    const notification = await patiently({ what: 'reading a notification', signal, log }, find)
    if (notification) yield { notificationAdded: { cursor, lagged, notification } }
  }
}
