import { createHash } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'

export type AdmittedSchema = {
  module: string
  /** The one client that is to see it; null: all that see none of their own. */
  client: string | null
  /** The very text that they would see. */
  sdl: string
}

/**
 * Lets a schema in that would be refused, as soon as its module comes with it: an operator insists. Clients that do not
 * compose with it keep what runs for them.
 *
 * @param actor as in events: `key:<id>`
 * @throws {TrellisError} NOT_FOUND when no such module has ever registered, or there is no such client
 */
export async function admitSchema(
  db: PlatformDatabase,
  { module, client, sdl }: AdmittedSchema,
  actor: string,
): Promise<void> {
  await changeRegistry(db, actor, async (tx, record) => {
    if (!(await tx.module.findUnique({ where: { name: module }, select: { name: true } })))
      throw new TrellisError('NOT_FOUND', `No module ${module} has registered.`)
    if (client !== null && !(await tx.client.findUnique({ where: { slug: client }, select: { slug: true } })))
      throw new TrellisError('NOT_FOUND', 'There is no such client.')
    const admittedSdlHash = hashOfSdl(sdl)
    await note(tx, { module, client, admittedSdlHash })
    await record({
      action: 'registry.module.schema_admitted',
      subject: `module:${module}`,
      client,
      before: null,
      after: { sdlHash: admittedSdlHash },
      forced: true,
    })
  })
}

type Noted = Pick<AdmittedSchema, 'module' | 'client'> & { admittedSdlHash: string }

async function note(tx: PlatformTransaction, { module, client, admittedSdlHash }: Noted): Promise<void> {
  if (client === null) {
    await tx.module.update({ where: { name: module }, data: { admittedSdlHash } })
    return
  }
  const key = { moduleName: module, clientSlug: client }
  await tx.moduleClientSdl.upsert({
    where: { moduleName_clientSlug: key },
    create: { ...key, admittedSdlHash },
    update: { admittedSdlHash },
  })
}

/** Whether an operator lets this very schema in, whatever it breaks. */
export async function isAdmitted(
  db: PlatformDatabase,
  { module, client, sdl }: AdmittedSchema,
): Promise<boolean> {
  const select = { admittedSdlHash: true }
  const known =
    client === null
      ? await db.module.findUnique({ where: { name: module }, select })
      : await db.moduleClientSdl.findUnique({
          where: { moduleName_clientSlug: { moduleName: module, clientSlug: client } },
          select,
        })
  return known?.admittedSdlHash === hashOfSdl(sdl)
}

/** SHA-256, hexadecimal. */
export function hashOfSdl(sdl: string): string {
  return createHash('sha256').update(sdl).digest('hex')
}
