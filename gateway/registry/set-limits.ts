import { TrellisError } from '../../foundation/errors.ts'
import type { PluginLimits } from '../../schema/plugin-registry.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { readClients } from './read-registry-state.ts'

/** Null: the platform's own again. What is left out stays. */
export type LimitChanges = { readonly [Name in keyof PluginLimits]?: number | null | undefined }

/** From, to: what no operator should be able to mistype into the death of the others. */
export const limitRanges: Readonly<Record<keyof PluginLimits, readonly [number, number]>> = {
  memoryMb: [8, 512],
  cpuMs: [1, 5_000],
  cpuMsPerSecond: [1, 1_000],
  wallMs: [10, 30_000],
  handlerWallMs: [100, 300_000],
  payloadChars: [1_000, 10_000_000],
  hostCalls: [0, 1_000],
  depth: [0, 10],
  logChars: [0, 1_000_000],
  // What is sent has to fit into a request.
  bundleChars: [1_000, 3_000_000],
  sdlChars: [1_000, 1_000_000],
}

/**
 * How much a client's plugin may use.
 *
 * @param actor as in events: `key:<id>`
 * @throws {TrellisError} BAD_USER_INPUT for a value out of its range; NOT_FOUND when there is no such client
 */
export async function setLimits(
  db: PlatformDatabase,
  { client: slug, limits }: { client: string; limits: LimitChanges },
  actor: string,
): Promise<void> {
  requireInRange(limits)
  await changeRegistry(db, actor, async (tx, record) => {
    const client = (await readClients(tx, [slug])).get(slug)
    if (!client) throw new TrellisError('NOT_FOUND', 'There is no such client.')
    const after = Object.fromEntries(
      Object.entries({ ...client.limits, ...limits }).filter(([, value]) => value != null),
    )
    if (JSON.stringify(client.limits) === JSON.stringify(after)) return
    await tx.client.update({ where: { slug }, data: { limits: after } })
    await record({
      action: 'registry.client.limits_changed',
      subject: `client:${slug}`,
      client: slug,
      before: client.limits,
      after,
    })
  })
}

function requireInRange(limits: LimitChanges): void {
  for (const [name, [least, most]] of Object.entries(limitRanges)) {
    const value = Object.entries(limits).find(([given]) => given === name)?.[1]
    if (value == null || (value >= least && value <= most)) continue
    throw new TrellisError('BAD_USER_INPUT', `\`${name}\` is ${least} to ${most}.`)
  }
}
