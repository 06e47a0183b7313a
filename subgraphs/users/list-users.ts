import type { User } from '../../prisma/generated/users/client.ts'
import { requireAdmin } from '../access.ts'
import { boundedText } from '../bounded-text.ts'
import type { Call } from '../call.ts'
import { type Connection, type PageArguments, type PagedList, readConnection } from '../connection.ts'
import { afterCreation, creationPosition } from '../creation-order.ts'
import type { UsersModule } from './users-module.ts'

export type ListUsersArguments = PageArguments & { search?: string | null }

/** @throws {TrellisError} FORBIDDEN, BAD_USER_INPUT, CURSOR_INVALID */
export async function listUsers(
  { db, cursors }: UsersModule,
  { viewer }: Call,
  { search, ...page }: ListUsersArguments,
): Promise<Connection<User>> {
  requireAdmin(viewer, 'users:read')
  const { client } = viewer
  const text = boundedText(search ?? '', { what: 'search', min: 0, max: 200 })
  const matching = text === '' ? {} : { name: { contains: literal(text), mode: 'insensitive' as const } }
  const list: PagedList<User> = {
    place: { client, list: `users:${text}` },
    position: creationPosition,
    read: (after, take) =>
      db.user.findMany({
        where: { client, ...matching, ...afterCreation(after, 'asc') },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        take,
      }),
    count: () => db.user.count({ where: { client, ...matching } }),
  }
  return readConnection(cursors, list, page)
}

/** Prisma hands `contains` to LIKE as it is, in which these three are signs. */
function literal(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
