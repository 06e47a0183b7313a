import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import type { PluginDocument, PluginFile } from '../../schema/plugin-build.ts'
import type { PluginSource } from './locate-fault.ts'
import type { PlatformTransaction } from './platform-database.ts'
import { pluginNeedsSchema } from './read-registry-state.ts'
import type { StoredPlugin } from './registry-state.ts'

type ReleaseTable = Pick<PlatformTransaction, 'pluginRelease'>

/** @throws {TrellisError} NOT_FOUND */
export async function readRelease(db: ReleaseTable, client: string, number: number): Promise<StoredPlugin> {
  const { digest, sdl, rules, handlers, ...stored } = await findRelease(db, client, number)
  const needs = pluginNeedsSchema.parse(stored.needs)
  const documents = pluginDocumentsSchema.parse(stored.documents)
  return { number, digest, sdl, rules, handlers, needs, documents }
}

/** What a release was built from: where in it a fault is can be told from that. @throws {TrellisError} NOT_FOUND */
export async function readReleaseSource(
  db: ReleaseTable,
  client: string,
  number: number,
): Promise<PluginSource> {
  const { sdl, files } = await findRelease(db, client, number)
  return { sdl, files: filesSchema.parse(files) }
}

/** Of the release that is served; null: none. */
export async function readServedSource(
  db: ReleaseTable & Pick<PlatformTransaction, 'client'>,
  client: string,
): Promise<PluginSource | null> {
  const served = await db.client.findUnique({ where: { slug: client }, select: { activeRelease: true } })
  return served?.activeRelease ? readReleaseSource(db, client, served.activeRelease) : null
}

export const pluginDocumentsSchema: z.ZodType<PluginDocument[]> = z.array(
  z.object({ text: z.string(), file: z.string(), line: z.number() }),
)
const filesSchema: z.ZodType<PluginFile[]> = z.array(z.object({ path: z.string(), content: z.string() }))

async function findRelease(db: ReleaseTable, client: string, number: number) {
  // Numbers are the database's 4-byte ones: a greater one is simply not there.
  const row =
    number > 0x7fffffff
      ? null
      : await db.pluginRelease.findUnique({ where: { clientSlug_number: { clientSlug: client, number } } })
  if (!row) throw new TrellisError('NOT_FOUND', 'There is no such release.')
  return row
}
