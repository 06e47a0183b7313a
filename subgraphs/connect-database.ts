import { PrismaPg } from '@prisma/adapter-pg'
import type { Close } from '../foundation/closing.ts'
import { migrate } from '../prisma/migrate.ts'
import type { Owner } from '../prisma/owners.ts'

type ClientOptions = {
  adapter: PrismaPg
  transactionOptions: { maxWait: number; timeout: number }
}
type Connection = { $connect(): Promise<void>; $disconnect(): Promise<void> }

/** Prisma's own, 2 and 5 seconds, are reached by a machine that is busy, and then what would be done soon fails. */
const transactionOptions = { maxWait: 10_000, timeout: 10_000 }

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
  const adapter = new PrismaPg({ connectionString: url, application_name: `trellis-${owner}` })
  const db = create({ adapter, transactionOptions })
  await db.$connect()
  return { db, close: () => db.$disconnect() }
}
