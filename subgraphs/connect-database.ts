import { PrismaPg } from '@prisma/adapter-pg'
import type { Close } from '../foundation/closing.ts'
import { migrate } from '../prisma/migrate.ts'
import type { Owner } from '../prisma/owners.ts'

type Connection = { $connect(): Promise<void>; $disconnect(): Promise<void> }

/**
 * Brings a module's database up to date and connects its Prisma client.
 *
 * @param create makes the owner's generated client, e.g. `(adapter) => new PrismaClient({ adapter })`
 * @throws {MigrationError} when the database cannot be reached or migrated
 */
export async function connectDatabase<Client extends Connection>(
  owner: Owner,
  url: string,
  create: (adapter: PrismaPg) => Client,
): Promise<{ db: Client; close: Close }> {
  await migrate(owner, url)
  const db = create(new PrismaPg({ connectionString: url, application_name: `trellis-${owner}` }))
  await db.$connect()
  return { db, close: () => db.$disconnect() }
}
