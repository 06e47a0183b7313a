import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, type Viewer } from '../../foundation/viewer.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import type { Judging } from '../registry/change-judged.ts'
import { locateFault } from '../registry/locate-fault.ts'
import { nextNumber, releasePlugin } from '../registry/release-plugin.ts'
import type { RequestBuild } from './request-build.ts'

export type Deployment = {
  client: string
  files: readonly PluginFile[]
  message: string | null
  /** Goes through everything but the swap. */
  dryRun: boolean
  /** Although not all is granted that it needs, or there that it asks. */
  force: boolean
  viewer: Viewer
}

export type DeployedRelease = {
  number: number
  message: string | null
  createdAt: Date
  active: boolean
  errors: PluginError[]
  functions: readonly string[]
}

export type DeployOptions = Judging & {
  requestBuild: RequestBuild
  /** Resolves once this replica serves what the registry holds for the client. */
  serve(client: string): Promise<unknown>
}

/**
 * Files to build to supergraph to served. What is wrong with the plugin is in the answer's `errors`.
 *
 * @throws {TrellisError} NOT_FOUND when there is no such client; SUBGRAPH_UNAVAILABLE without a lambda host
 */
export async function deployPlugin(
  { requestBuild, serve, ...judging }: DeployOptions,
  { client, files, message, dryRun, force, viewer }: Deployment,
): Promise<DeployedRelease> {
  const { db } = judging
  if (!(await db.client.findUnique({ where: { slug: client } }))) {
    throw new TrellisError('NOT_FOUND', 'There is no such client.')
  }
  const build = await requestBuild({ client, files, viewer })
  if (!build.ok) {
    const number = await nextNumber(db, client)
    return { number, message, createdAt: new Date(), active: false, errors: build.errors, functions: [] }
  }
  const release = { client, build, files, message, createdBy: actorOf(viewer), force, dryRun }
  const released = await releasePlugin(judging, release)
  if (released.active) await serve(client)
  const errors = released.errors.map((fault) => locateFault(fault, { sdl: build.sdl, files }))
  return { ...released, errors, functions: errors.length === 0 ? build.functions : [] }
}
