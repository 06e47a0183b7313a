import { TrellisError } from '../../foundation/errors.ts'
import { isStorableText } from '../../foundation/storable-text.ts'
import { actorOf, roles as allRoles, type Role } from '../../foundation/viewer.ts'
import type { User } from '../../prisma/generated/users/client.ts'
import { requireAdmin } from '../access.ts'
import type { Call } from '../call.ts'
import type { UsersModule } from './users-module.ts'

export type SetRolesInput = { userId: string; roles: readonly Role[] }

/** @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT without a role, NOT_FOUND for a user of another client too */
export async function setRoles(
  module: UsersModule,
  { viewer, traceparent }: Call,
  { userId, roles: wanted }: SetRolesInput,
): Promise<User> {
  requireAdmin(viewer)
  const roles = allRoles.filter((role) => wanted.includes(role))
  if (roles.length === 0) throw new TrellisError('BAD_USER_INPUT', 'A user has at least one role.')

  const { client } = viewer
  const user = await module.events.transaction(async (tx, append) => {
    if (!isStorableText(userId)) return undefined
    const data = { roles, updatedAt: module.now() }
    const [changed] = await tx.user.updateManyAndReturn({ where: { client, id: userId }, data })
    if (!changed) return undefined
    const actor = actorOf(viewer)
    await append({
      type: 'users.user.roles_changed',
      subject: userId,
      client,
      actor,
      traceparent,
      data: { userId },
    })
    return changed
  })
  if (!user) throw new TrellisError('NOT_FOUND', 'There is no such user.')
  return user
}
