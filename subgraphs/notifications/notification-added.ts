import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { LogEntry } from '../../events/log/log-stream.ts'
import { patiently } from '../../events/log/patiently.ts'
import type { Notification } from '../../prisma/generated/notifications/client.ts'
import { requirePerson } from '../access.ts'
import type { Call } from '../call.ts'
import { followLog } from '../follow-log.ts'
import type { NotificationsModule } from './notifications-module.ts'
import { notificationCreated } from './notify.ts'

export type NotificationAdded = {
  notificationAdded: { cursor: string; lagged: number; notification: Notification }
}

/**
 * The viewer's own notifications: those after the cursor, then live.
 *
 * @throws {TrellisError} FORBIDDEN, CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
 */
export async function notificationAdded(
  module: NotificationsModule,
  call: Call,
  after: string | null,
): Promise<AsyncGenerator<NotificationAdded>> {
  const { client, userId } = requirePerson(call.viewer)
  const stream = {
    name: `notificationAdded:${userId}`,
    client,
    types: [notificationCreated],
    passes: ({ data }: PlatformEvent) => data.userId === userId,
  }
  const entries = await followLog(module.events, { stream, after }, call)
  return payloads(module, entries, { client, userId, signal: call.signal })
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
