import type { Close } from '../foundation/closing.ts'
import { type ClientOptions, clientOptions } from '../prisma/client-options.ts'
import { migrate } from '../prisma/migrate.ts'
import type { Owner } from '../prisma/owners.ts'

type Connection = { $connect(): Promise<void>; $disconnect(): Promise<void> }

/**
 * Brings a module's database up to date and connects its Prisma client.
 *
 * @param create makes the owner's generated client, e.g. `(options) => new PrismaClient(options)`
 * @throws {MigrationError} when the database cannot be reached or migrated
 */
export async function connectDatabase<Client extends Connection>(
  owner: Owner,
  url: string,
  create: (options: ClientOptions) => Client,
): Promise<{ db: Client; close: Close }> {
  await migrate(owner, url)
  const db = create(clientOptions({ url, owner }))
  await db.$connect()
  return { db, close: () => db.$disconnect() }
}
