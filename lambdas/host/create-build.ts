import type { PluginBuild, PluginFile } from '../../schema/plugin-build.ts'
import type { IsolateLimits } from '../isolates/isolate-limits.ts'
import { buildPlugin } from './build-plugin.ts'
import type { BuildStore } from './build-store.ts'
import { readEventTypes } from './event-types.ts'
import type { IsolatePool } from './isolate-pool.ts'
import type { LimitsOf } from './limits-of.ts'
import { type PluginDescription, readDescription } from './plugin-description.ts'

export type Build = (client: string, files: readonly PluginFile[]) => Promise<PluginBuild>

export type BuildOptions = { store: BuildStore; isolates: IsolatePool; limitsOf: LimitsOf }

/** Builds plugins, and keeps what was built. Their code is evaluated as the client's own, in its limits. */
export async function createBuild({ store, isolates, limitsOf }: BuildOptions): Promise<Build> {
  const eventTypes = await readEventTypes()
  return async (client, files) => {
    const limits = limitsOf(client)
    const describe = (digest: string, source: string) =>
      describePlugin(isolates, { client, digest, source, limits })
    const built = await buildPlugin(files, { eventTypes, describe, limits })
    if (!built.ok) return built
    await store.save(client, built)
    const { bundle: _kept, ...parts } = built
    return parts
  }
}

export type DescribedPlugin = {
  client: string
  digest: string
  source: string
  limits: IsolateLimits
}

/** Evaluates a bundle in an isolate of its own, to hear what it declares. @throws {TrellisError} LAMBDA_… */
export async function describePlugin(
  isolates: IsolatePool,
  { client, digest, source, limits }: DescribedPlugin,
): Promise<PluginDescription> {
  const isolate = `build:${client}/${digest}:${crypto.randomUUID()}`
  const ask = async () => {
    throw new Error('A plugin that is being built cannot ask the graph.')
  }
  const learn = () => undefined
  const { wallMs } = limits
  const crossing = { client, isolate, source, limits, lambdas: 1, wallMs, text: '', ask, learn }
  try {
    return readDescription(await isolates.call(crossing, true))
  } finally {
    isolates.drop(isolate)
  }
}
