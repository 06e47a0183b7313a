import type { ModuleLog } from '../../events/log/module-log.ts'
import type { SigningKeys } from '../../foundation/signing-keys.ts'
import type { Prisma, PrismaClient, User } from '../../prisma/generated/users/client.ts'
import type { Call } from '../call.ts'
import type { Cursors } from '../cursors.ts'
import type { FieldCipher } from './field-cipher.ts'
import type { UserLoader } from './loaders.ts'
import type { Passwords } from './passwords.ts'

export type UsersTransaction = Prisma.TransactionClient

/** What the operations of this module work with; one for the life of the process. */
export type UsersModule = {
  db: PrismaClient
  events: ModuleLog<UsersTransaction>
  cipher: FieldCipher
  passwords: Passwords
  keys: SigningKeys
  cursors: Cursors
  /** The clock. */
  now(): Date
}

/** One for each operation. */
export type UsersContext = { module: UsersModule; call: Call; users: UserLoader }

/** `provenSelf`: the caller has just proved to be this user, by signing in, though the credential is still a key. */
export type UserNode = User & { provenSelf?: true }
