import type { ModuleLog } from '../../events/log/module-log.ts'
import type { Prisma, PrismaClient } from '../../prisma/generated/data/client.ts'
import type { Call } from '../call.ts'
import type { Cursors } from '../cursors.ts'
import type { DataLoaders } from './loaders.ts'
import type { RecordSchemas } from './validation/record-schemas.ts'

/** What every resolver of the data module has: the call it answers, its loaders, and what the process holds for all. */
export type DataContext = Call & DataResources & { loaders: DataLoaders }

export type DataResources = {
  db: PrismaClient
  events: ModuleLog<Prisma.TransactionClient>
  cursors: Cursors
  schemas: RecordSchemas
}
