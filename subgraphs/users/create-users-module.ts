import type { Close } from '../../foundation/closing.ts'
import type { SealingKeys } from '../../foundation/sealed-text.ts'
import { createSigningKeys } from '../../foundation/signing-keys.ts'
import type { PrismaClient } from '../../prisma/generated/users/client.ts'
import type { SubgraphModule } from '../create-subgraph.ts'
import { oldIdempotencyKeys, startPurging } from '../purge.ts'
import type { ModuleGround } from '../start-module.ts'
import { createFieldCipher } from './field-cipher.ts'
import { createUserLoader } from './loaders.ts'
import { expiredRefreshTokens, oldSessions } from './old-sessions.ts'
import { createPasswords } from './passwords.ts'
import { startResealing } from './reseal-fields.ts'
import { usersResolvers } from './resolvers.ts'
import { createSigningKeyStore } from './signing-key-store.ts'
import type { UsersContext, UsersModule, UsersTransaction } from './users-module.ts'

export type UsersOptions = {
  ground: ModuleGround<PrismaClient, UsersTransaction>
  fieldKeys: SealingKeys
  /** The clock. */
  now(): Date
}

/** The users module on its ground. It signs with a key of its own, which is given up through `closeLater`. */
export async function createUsersModule(
  { ground: { db, events, cursors, log }, fieldKeys, now }: UsersOptions,
  closeLater: (close: Close) => void,
): Promise<SubgraphModule<UsersContext>> {
  const keys = await createSigningKeys(createSigningKeyStore(db))
  closeLater(keys.close)
  closeLater(startPurging({ db, log, purges: [oldIdempotencyKeys, oldSessions, expiredRefreshTokens] }))
  const cipher = createFieldCipher(fieldKeys)
  if (fieldKeys.length > 1) closeLater(startResealing({ db, cipher, log }))
  const module: UsersModule = {
    db,
    events,
    cursors,
    cipher,
    passwords: await createPasswords(),
    keys,
    now,
  }
  return {
    name: 'users',
    resolvers: usersResolvers,
    createContext: (call) => ({ module, call, users: createUserLoader(db, call.viewer.client) }),
    tokenKeys: () => keys.publicKeys(),
  }
}
