import type { BuiltParts, PluginFile } from '../../schema/plugin-build.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { Judging } from './change-judged.ts'
import { changeRegistry, type RecordChange } from './change-registry.ts'
import { judgeRelease, type ReleaseJudgement } from './judge-release.ts'
import type { PlatformTransaction } from './platform-database.ts'
import { loadRegistryState, readRegistryState } from './read-registry-state.ts'
import type { RegisteredClient } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

export type NewRelease = {
  client: string
  build: BuiltParts
  /** What it was built from. */
  files: readonly PluginFile[]
  message: string | null
  /** As in events: `key:<id>`. */
  createdBy: string
  /** As in `ReleaseCase`. */
  force: boolean
  /** Goes through everything but the storing. */
  dryRun: boolean
}

/** `number`: the release's own, or the one it would have had. */
export type Released = {
  number: number
  message: string | null
  createdAt: Date
  active: boolean
  errors: CompositionError[]
}

/**
 * Stores a build as the release that is served, where it composes with the client's modules. The build that is served
 * already, given once more, is that release: a deployment whose answer was lost can be repeated.
 *
 * @throws {TrellisError} NOT_FOUND when there is no such client
 */
export async function releasePlugin(judging: Judging, release: NewRelease): Promise<Released> {
  const { db } = judging
  const { client: slug, build, message, createdBy, force, dryRun } = release
  const judge = async (state: Parameters<typeof judgeRelease>[1], number: number) =>
    judgeRelease(judging, state, { client: slug, plugin: { ...build, number }, force })

  // Judged before it has its turn: whoever waits for theirs then waits for a composition that is known already.
  const state = await loadRegistryState(db)
  const next = await nextNumber(db, slug)
  const first = {
    number: next,
    message,
    createdAt: new Date(),
    active: false,
    errors: (await judge(state, next)).errors,
  }
  if (dryRun || first.errors.length > 0) return first

  return changeRegistry(db, createdBy, async (tx, record) => {
    const now = await readRegistryState(tx)
    const client = requireClient(now, slug)
    if (client.plugin?.digest === build.digest) return served(tx, client)
    const number = await nextNumber(tx, slug)
    const { errors, asked } = await judge(now, number)
    const released = { ...first, number, errors }
    if (errors.length > 0) return released
    const { createdAt } = released
    await store(tx, record, { ...release, number, createdAt, asked, before: client.plugin })
    return { ...released, active: true }
  })
}

async function served(tx: PlatformTransaction, { slug, plugin }: RegisteredClient): Promise<Released> {
  const { number, message, createdAt } = await tx.pluginRelease.findUniqueOrThrow({
    where: { clientSlug_number: { clientSlug: slug, number: plugin?.number ?? 0 } },
  })
  return { number, message, createdAt, active: true, errors: [] }
}

type Stored = NewRelease &
  Pick<ReleaseJudgement, 'asked'> & { number: number; createdAt: Date; before: RegisteredClient['plugin'] }

async function store(
  tx: PlatformTransaction,
  record: RecordChange,
  { client, build, files, message, createdBy, force, number, createdAt, asked, before }: Stored,
): Promise<void> {
  const { digest, sdl, functions, rules, handlers, needs, documents } = build
  await tx.pluginRelease.create({
    data: {
      clientSlug: client,
      number,
      digest,
      sdl,
      functions,
      rules,
      handlers,
      needs,
      files: [...files],
      documents,
      asked,
      message,
      createdAt,
      createdBy,
    },
  })
  await tx.client.update({ where: { slug: client }, data: { activeRelease: number } })
  await record({
    action: 'registry.plugin.released',
    subject: `client:${client}`,
    client,
    before: before && { release: before.number, digest: before.digest },
    after: { release: number, digest, message },
    forced: force,
  })
}

/** Of the release that comes next. */
export async function nextNumber(
  db: Pick<PlatformTransaction, 'pluginRelease'>,
  client: string,
): Promise<number> {
  const last = await db.pluginRelease.aggregate({ where: { clientSlug: client }, _max: { number: true } })
  return (last._max.number ?? 0) + 1
}
