import type { CompositionError } from '../composition/compose-for-client.ts'
import type { Judging } from './change-judged.ts'
import { changeRegistry } from './change-registry.ts'
import { judgeRelease } from './judge-release.ts'
import { loadRegistryState, readRegistryState } from './read-registry-state.ts'
import { readRelease } from './read-release.ts'
import type { RegistryState, StoredPlugin } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

export type Activation = {
  client: string
  /** Its number. */
  release: number
  /** As in events: `key:<id>`. */
  actor: string
  /** As in `ReleaseCase`. */
  force: boolean
}

export type ActivateOptions = Judging & {
  /** Has events of these types kept from now on: nothing that happens once it is served comes before its handler. */
  announce(types: readonly string[]): Promise<void>
}

/**
 * Serves a release that was stored before, older or newer than the one that is served, where it composes with the
 * modules as they are now.
 *
 * @returns why it does not
 * @throws {TrellisError} NOT_FOUND when there is no such client or release
 */
export async function activateRelease(
  { announce, ...judging }: ActivateOptions,
  { client: slug, release, actor, force }: Activation,
): Promise<CompositionError[]> {
  const { db } = judging
  const judge = async (state: RegistryState, plugin: StoredPlugin) =>
    (await judgeRelease(judging, state, { client: slug, plugin, force })).errors

  const state = await loadRegistryState(db)
  const client = requireClient(state, slug)
  if (client.plugin?.number === release) return []
  const wanted = await readRelease(db, slug, release)
  const errors = await judge(state, wanted)
  if (errors.length > 0) return errors
  if (wanted.handlers.length > 0) await announce(wanted.handlers)
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
