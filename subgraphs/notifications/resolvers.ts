import type { GraphQLResolverMap } from '@apollo/subgraph'
import { TrellisError } from '../../foundation/errors.ts'
import type { Notification } from '../../prisma/generated/notifications/client.ts'
import { isSelfOrAdmin, requireMember, requirePerson } from '../access.ts'
import type { Call } from '../call.ts'
import { type ListNotificationsArguments, listNotifications } from './list-notifications.ts'
import { markRead } from './mark-read.ts'
import { notificationAdded } from './notification-added.ts'
import type { NotificationsContext } from './notifications-module.ts'
import { type NotifyInput, notify } from './notify.ts'

type Context = NotificationsContext
type UserReference = { id: string }

export const notificationsResolvers: GraphQLResolverMap<NotificationsContext> = {
  Query: {
    notifications: (_: unknown, args: ListNotificationsArguments, { module, call }: Context) =>
      listNotifications(module, requirePerson(call.viewer), args),
  },
  Mutation: {
    notify: (_: unknown, { input }: { input: NotifyInput }, { module, call }: Context) =>
      notify(module, call, input),
    markRead: (_: unknown, { ids }: { ids: string[] }, { module, call }: Context) =>
      markRead(module, call, ids),
  },
  Subscription: {
    notificationAdded: {
      subscribe: (_: unknown, { after }: { after?: string | null }, { module, call }: Context) =>
        notificationAdded(module, call, after ?? null),
    },
  },
  User: {
    __resolveReference: ({ id }: UserReference) => ({ id }),
    notifications({ id }: UserReference, args: ListNotificationsArguments, { module, call }: Context) {
      requireSelfOrAdmin(call, id)
      return listNotifications(module, { client: call.viewer.client, userId: id }, args)
    },
    unreadCount({ id }: UserReference, _args: object, { call, loaders }: Context) {
      requireSelfOrAdmin(call, id)
      return loaders.unreadCount.load(id)
    },
  },
  Notification: {
    async __resolveReference({ id }: { id: string }, { call, loaders }: Context) {
      requireMember(call.viewer)
      const notification = await loaders.notification.load(id)
      return notification && isSelfOrAdmin(call.viewer, notification.userId) ? notification : null
    },
    recipient: ({ userId }: Notification) => ({ id: userId }),
  },
}

function requireSelfOrAdmin({ viewer }: Call, userId: string): void {
  if (isSelfOrAdmin(viewer, userId)) return
  throw new TrellisError('FORBIDDEN', 'Notifications are for their recipient and for administrators.')
}
