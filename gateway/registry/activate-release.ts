import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import type { PluginFile } from '../../schema/plugin-build.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { Judging } from './change-judged.ts'
import { changeRegistry } from './change-registry.ts'
import { judgeRelease } from './judge-release.ts'
import type { PlatformTransaction } from './platform-database.ts'
import { loadRegistryState, pluginNeedsSchema, readRegistryState } from './read-registry-state.ts'
import type { PluginSubgraph, RegistryState } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

export type Activation = {
  client: string
  /** Its number. */
  release: number
  /** As in events: `key:<id>`. */
  actor: string
  /** An operator insists: it is served although not all that it needs is granted. */
  force: boolean
}

/**
 * Serves a release that was stored before, older or newer than the one that is served, where it composes with the
 * modules as they are now.
 *
 * @returns why it does not
 * @throws {TrellisError} NOT_FOUND when there is no such client or release
 */
export async function activateRelease(
  { db, compose }: Judging,
  { client: slug, release, actor, force }: Activation,
): Promise<CompositionError[]> {
  const judge = (state: RegistryState, plugin: PluginSubgraph) =>
    judgeRelease(compose, state, { client: slug, plugin, force })

  const state = await loadRegistryState(db)
  const client = requireClient(state, slug)
  if (client.plugin?.number === release) return []
  const errors = await judge(state, await readRelease(db, slug, release))
  if (errors.length > 0) return errors
  return changeRegistry(db, actor, async (tx, record) => {
    const now = await readRegistryState(tx)
    const plugin = await readRelease(tx, slug, release)
    const found = await judge(now, plugin)
    if (found.length > 0) return found
    const before = requireClient(now, slug).plugin
    await tx.client.update({ where: { slug }, data: { activeRelease: release } })
    await record({
      action: 'registry.plugin.activated',
      subject: `client:${slug}`,
      client: slug,
      before: before && { release: before.number, digest: before.digest },
      after: { release, digest: plugin.digest },
      forced: force,
    })
    return []
  })
}

type ReleaseTable = Pick<PlatformTransaction, 'pluginRelease'>

async function readRelease(db: ReleaseTable, client: string, number: number): Promise<PluginSubgraph> {
  const { digest, sdl, rules, handlers, needs } = await findRelease(db, client, number)
  return { number, digest, sdl, rules, handlers, needs: pluginNeedsSchema.parse(needs) }
}

/** What a release was built from: where in it a fault is can be told from that. @throws {TrellisError} NOT_FOUND */
export async function readReleaseSource(
  db: ReleaseTable,
  client: string,
  number: number,
): Promise<{ sdl: string; files: PluginFile[] }> {
  const { sdl, files } = await findRelease(db, client, number)
  return { sdl, files: filesSchema.parse(files) }
}

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
