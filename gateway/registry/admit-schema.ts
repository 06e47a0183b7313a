import { createHash } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

export type AdmittedSchema = {
  module: string
  /** The very text that its instances register. */
  sdl: string
}

/**
 * Lets a schema in that would be refused, as soon as an instance comes with it: an operator insists. Clients that do not
 * compose with it keep what runs for them.
 *
 * @param actor as in events: `key:<id>`
 * @throws {TrellisError} NOT_FOUND when no such module has ever registered
 */
export async function admitSchema(
  db: PlatformDatabase,
  { module: name, sdl }: AdmittedSchema,
  actor: string,
): Promise<void> {
  await changeRegistry(db, actor, async (tx, record) => {
    if (!(await tx.module.findUnique({ where: { name }, select: { name: true } }))) {
      throw new TrellisError('NOT_FOUND', `No module ${name} has registered.`)
    }
    const admittedSdlHash = hashOfSdl(sdl)
    await tx.module.update({ where: { name }, data: { admittedSdlHash } })
    await record({
      action: 'registry.module.schema_admitted',
      subject: `module:${name}`,
      client: null,
      before: null,
      after: { sdlHash: admittedSdlHash },
      forced: true,
    })
  })
}

/** SHA-256, hexadecimal. */
export function hashOfSdl(sdl: string): string {
  return createHash('sha256').update(sdl).digest('hex')
}
