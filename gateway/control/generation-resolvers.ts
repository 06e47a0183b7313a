import { printSchema } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { PluginError } from '../../schema/plugin-build.ts'
import type { CompositionError } from '../composition/compose-for-client.ts'
import { concernsPlugin, locateFault } from '../registry/locate-fault.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import { readServedSource } from '../registry/read-release.ts'
import type { RegisteredClient } from '../registry/registry-state.ts'
import type { GenerationStatus } from '../supergraph/generation-status.ts'
import type { Generations } from '../supergraph/generations.ts'
import { readContractKey } from '../supergraph/graph-key.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { createResponseQueue } from '../transports/response-queue.ts'
import { onlyOperators } from './only-operators.ts'

export type GenerationAccess = Pick<Generations, 'acquire' | 'statusOf' | 'refusedOf' | 'onChange'>

type Changed = { generationChanged: GenerationStatus }

/** Changes that may wait for a slow reader. */
const mostWaiting = 1_000

export function createGenerationResolvers(generations: GenerationAccess, db: PlatformDatabase) {
  return {
    Client: {
      generation: ({ slug }: RegisteredClient) => generations.statusOf(slug),
      compositionErrors: ({ slug }: RegisteredClient) => locate(db, slug, generations.refusedOf(slug)),
      sdl: ({ slug }: RegisteredClient) => readSdl(generations, slug),
    },
    Subscription: {
      generationChanged: {
        subscribe(_root: unknown, { client }: { client?: string | null }, context: OperationContext) {
          onlyOperators(context)
          return followChanges(generations, client ?? null, context.disconnected)
        },
      },
    },
  }
}

/** In the plugin's files where it is a fault of the plugin. */
async function locate(
  db: PlatformDatabase,
  slug: string,
  faults: readonly CompositionError[],
): Promise<PluginError[]> {
  const source = faults.some(concernsPlugin) ? await readServedSource(db, slug) : null
  return faults.map((fault) => {
    const { code, message } = fault
    return source && concernsPlugin(fault)
      ? locateFault(fault, source)
      : { code, message, file: null, line: null }
  })
}

/** Of the graph as the client's own users see it; null while there is none. */
async function readSdl(generations: GenerationAccess, slug: string): Promise<string | null> {
  try {
    using lease = await generations.acquire(slug)
    return printSchema(lease.generation.planner.schema)
  } catch (error) {
    if (error instanceof TrellisError && error.code === 'NO_SCHEMA') return null
    throw error
  }
}

/** Of clients' own graphs: what partners see of them changes with them. */
function followChanges(
  { onChange }: GenerationAccess,
  client: string | null,
  disconnected: AbortSignal,
): AsyncGenerator<Changed, void, void> {
  const leave = () => queue.end()
  const queue = createResponseQueue<Changed>(mostWaiting, () => {
    stop()
    disconnected.removeEventListener('abort', leave)
  })
  const stop = onChange((key, status) => {
    const graph = readContractKey(key)
    if (graph.tags || (client !== null && graph.client !== client)) return
    const hasPlace = queue.push({ generationChanged: status })
    if (!hasPlace) {
      queue.end(
        new TrellisError('SUBSCRIPTION_INTERRUPTED', 'More has changed than was read; subscribe again.'),
      )
    }
  })
  if (disconnected.aborted) leave()
  else disconnected.addEventListener('abort', leave)
  return queue.responses
}
