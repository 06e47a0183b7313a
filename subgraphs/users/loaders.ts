import DataLoader from 'dataloader'
import { isStorableText } from '../../foundation/storable-text.ts'
import type { PrismaClient, User } from '../../prisma/generated/users/client.ts'

/** By id; null for what does not exist or belongs to another client. */
export type UserLoader = DataLoader<string, User | null>

export function createUserLoader(db: PrismaClient, client: string): UserLoader {
  return new DataLoader(async (ids) => {
    const users = await db.user.findMany({ where: { client, id: { in: ids.filter(isStorableText) } } })
    const byId = new Map(users.map((user) => [user.id, user]))
    return ids.map((id) => byId.get(id) ?? null)
  })
}
