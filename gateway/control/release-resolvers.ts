import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, type Viewer } from '../../foundation/viewer.ts'
import type { PluginFile } from '../../schema/plugin-build.ts'
import { activateRelease } from '../registry/activate-release.ts'
import type { Judging } from '../registry/change-judged.ts'
import { locateFault } from '../registry/locate-fault.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import { readReleaseSource } from '../registry/read-release.ts'
import type { RegisteredClient } from '../registry/registry-state.ts'
import type { GenerationStatus } from '../supergraph/generation-status.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import type { AskDesk, DeskCall } from './ask-desk.ts'
import { type PageArguments, toConnection } from './connection.ts'
import { type DeployedRelease, deployPlugin } from './deploy-plugin.ts'
import type { RequestBuild } from './request-build.ts'

export type ReleaseOptions = Judging & {
  requestBuild: RequestBuild
  askDesk: AskDesk
  /** Resolves once this replica serves what the registry holds for the client; null: that is nothing. */
  serve(client: string): Promise<GenerationStatus | null>
}

type DeployArguments = {
  client: string
  files: PluginFile[]
  message?: string | null
  dryRun?: boolean | null
  force?: boolean | null
}
type ActivateArguments = { client: string; release: number; force?: boolean | null }

/** What operators, and deployers for their own client, do with the releases of a plugin. */
export function createReleaseResolvers({ requestBuild, askDesk, serve, ...judging }: ReleaseOptions) {
  const { db } = judging
  return {
    Mutation: {
      deployPlugin(_root: unknown, deployment: DeployArguments, context: OperationContext) {
        const { client, files, message = null, dryRun, force } = deployment
        const viewer = whoReleases(context, client, force ?? false)
        const options = { ...judging, requestBuild, serve }
        return deployPlugin(options, {
          client,
          files,
          message,
          dryRun: dryRun ?? false,
          force: force ?? false,
          viewer,
        })
      },
      async activateRelease(
        _root: unknown,
        { client, release, force }: ActivateArguments,
        context: OperationContext,
      ) {
        const viewer = whoReleases(context, client, force ?? false)
        const activation = { client, release, actor: actorOf(viewer), force: force ?? false }
        const announce = announcing(askDesk, { client, viewer })
        const errors = await activateRelease({ ...judging, announce }, activation)
        if (errors.length > 0) {
          const source = await readReleaseSource(db, client, release)
          const faults = errors.map((fault) => locateFault(fault, source))
          const message = `Release ${release} does not fit the client's modules as they are now.`
          throw new TrellisError('PLUGIN_INVALID', message, { extensions: { errors: faults } })
        }
        return serve(client)
      },
    },
    Client: {
      async releases({ slug }: RegisteredClient, page: PageArguments) {
        const nodes = await readReleases(db, slug)
        return toConnection({ list: `releases:${slug}`, nodes, keyOf: ({ number }) => String(number) }, page)
      },
    },
  }
}

/**
 * Another client is for a deployer as one that does not exist.
 *
 * @throws {TrellisError} NOT_FOUND; FORBIDDEN to insist, for anyone but operators
 */
function whoReleases({ viewer }: OperationContext, client: string, force: boolean): Viewer {
  if (viewer?.kind === 'OPERATOR') return viewer
  if (viewer?.kind !== 'DEPLOYER' || viewer.client !== client)
    throw new TrellisError('NOT_FOUND', 'There is no such client.')
  if (force)
    throw new TrellisError('FORBIDDEN', 'Only an operator goes on without what is not granted or not there.')
  return viewer
}

/** While no host can be reached, none passes an event over; and a rollback is not to wait for one. */
function announcing(askDesk: AskDesk, call: DeskCall) {
  return async (types: readonly string[]) => {
    try {
      await askDesk(call, 'announce', { types: [...types] })
    } catch (error) {
      if (!(error instanceof TrellisError && error.code === 'SUBGRAPH_UNAVAILABLE')) throw error
    }
  }
}

async function readReleases(db: PlatformDatabase, slug: string): Promise<DeployedRelease[]> {
  const client = await db.client.findUnique({
    where: { slug },
    include: {
      releases: {
        orderBy: { number: 'desc' },
        omit: { sdl: true, files: true, documents: true, asked: true },
      },
    },
  })
  const { releases = [], activeRelease = null } = client ?? {}
  return releases.map((release) => ({ ...release, active: release.number === activeRelease, errors: [] }))
}
