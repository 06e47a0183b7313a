import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, type Viewer } from '../../foundation/viewer.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import { releasePlugin } from '../registry/release-plugin.ts'
import type { RequestBuild } from './request-build.ts'

export type Deployment = {
  client: string
  files: readonly PluginFile[]
  message: string | null
  dryRun: boolean
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

export type DeployOptions = {
  db: PlatformDatabase
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
  { db, requestBuild, serve }: DeployOptions,
  { client, files, message, dryRun, viewer }: Deployment,
): Promise<DeployedRelease> {
  if (!(await db.client.findUnique({ where: { slug: client } }))) {
    throw new TrellisError('NOT_FOUND', 'There is no such client.')
  }
  const build = await requestBuild({ client, files, viewer })
  if (!build.ok) return refused(await nextNumber(db, client), message, build.errors)
  const { ok: _ok, ...parts } = build
  const { functions } = parts
  const release = { ...parts, client, message, dryRun, createdBy: actorOf(viewer) }
  const { number, createdAt, errors } = await releasePlugin(db, release)
  if (errors.length > 0)
    return refused(
      number,
      message,
      errors.map((error) => locate(error, files)),
    )
  if (!dryRun) await serve(client)
  return { number, message, createdAt, active: !dryRun, errors: [], functions }
}

function refused(number: number, message: string | null, errors: PluginError[]): DeployedRelease {
  return { number, message, createdAt: new Date(), active: false, errors, functions: [] }
}

async function nextNumber(db: PlatformDatabase, client: string): Promise<number> {
  const last = await db.pluginRelease.aggregate({ where: { clientSlug: client }, _max: { number: true } })
  return (last._max.number ?? 0) + 1
}

/**
 * Composition speaks of `Type.field` and of types; the author has files. The first line that has the field, or else
 * the type, is where to look. It is a pointer for people: no line is better than a wrong one, so only whole names count.
 */
function locate({ code, message }: CompositionError, files: readonly PluginFile[]): PluginError {
  for (const name of namesIn(message)) {
    const pattern = new RegExp(`\\b${name}\\b`)
    for (const { path, content } of files) {
      const line = content.split('\n').findIndex((text) => pattern.test(text))
      if (line >= 0) return { code, message, file: path, line: line + 1 }
    }
  }
  return { code, message, file: null, line: null }
}

function namesIn(message: string): string[] {
  const coordinates = [...message.matchAll(/"@?(\w+)(?:\.(\w+))?/g)]
  const unknownType = /Unknown type "?(\w+)/.exec(message)?.[1]
  const names = coordinates.flatMap(([, type, field]) => (field ? [field, type] : [type]))
  return [unknownType, ...names].filter((name) => name !== undefined)
}
