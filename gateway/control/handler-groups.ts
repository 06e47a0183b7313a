import type { Bus } from '../../events/bus/bus.ts'
import type { BusOperations, GroupStatus } from '../../events/bus/bus-operations.ts'
import { TrellisError } from '../../foundation/errors.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import { everyClient, type HandlerGroup, handlerGroupOf, handlersGroup } from '../../schema/plugin-desk.ts'
import type { RegistryState } from '../registry/registry-state.ts'
import type { AskDesk } from './ask-desk.ts'

const groupFormat = /^plugin:(?<client>.+)$/
const mostCounted = 10_000
const page = 1_000

/** The client whose handlers are the group `plugin:<client>`; null for a group of the bus. */
export function clientOfGroup(group: string): string | null {
  return groupFormat.exec(group)?.groups?.client ?? null
}

/** The types of events that the release that is served handles. */
export function handlersOf({ clients }: RegistryState, client: string): readonly string[] {
  return clients.get(client)?.plugin?.handlers ?? []
}

export type HandlerGroupsOptions = { askDesk: AskDesk; state(): RegistryState }

/**
 * The handlers of each client as a consumer group. The lambda host keeps them: while none can be reached, or its
 * database is away, there are none to be seen.
 */
export async function readHandlerGroups(
  { askDesk, state }: HandlerGroupsOptions,
  { operations }: Bus,
  viewer: Viewer,
): Promise<GroupStatus[]> {
  const kept = await askDesk({ client: everyClient, viewer }, 'handlerGroups', {}).catch(unlessUnavailable)
  if (!kept) return []
  const known = new Map(kept.map((group) => [group.client, group]))
  const clients = [...state().clients.keys()].filter(
    (client) => known.has(client) || handlersOf(state(), client).length > 0,
  )
  const groups = clients.sort().map(async (client) => {
    const { members = 0, deadLetters = 0, ...rest } = known.get(client) ?? {}
    const lag = await lagOf(operations, { client, types: handlersOf(state(), client), ...rest })
    return { name: handlerGroupOf(client), replayable: true, members, lag, deadLetters }
  })
  return Promise.all(groups)
}

/**
 * A replay to a client's handlers is one to the group that takes events for them.
 *
 * @throws {TrellisError} NOT_FOUND where its plugin handles nothing; BAD_USER_INPUT for events of others, or a type it does
 *   not handle
 */
export function requireHandled(
  state: RegistryState,
  { client, group, type }: { client: string; group: string; type: string | null },
): typeof handlersGroup {
  const handlers = handlersOf(state, client)
  if (clientOfGroup(group) !== client)
    throw new TrellisError('BAD_USER_INPUT', `"${group}" is not given the events of ${client}.`)
  if (handlers.length === 0)
    throw new TrellisError('NOT_FOUND', `The plugin that is served for ${client} handles no events.`)
  if (type !== null && !handlers.includes(type))
    throw new TrellisError('BAD_USER_INPUT', `The plugin handles no "${type}", but: ${handlers.join(', ')}.`)
  return handlersGroup
}

type Left = { client: string; types: readonly string[] } & Partial<
  Pick<HandlerGroup, 'waiting' | 'leftAfter'>
>

/** What is in the queue, and what a full queue has left on the bus. */
async function lagOf(
  operations: BusOperations,
  { client, types, waiting = 0, leftAfter = null }: Left,
): Promise<number> {
  let lag = waiting
  for (let after = leftAfter; after !== null && lag < mostCounted; ) {
    const filter = { client, type: null, subject: null }
    const found = await operations.history(filter, { after, limit: page, newestFirst: false }).catch(tooOld)
    if (!found) return mostCounted
    lag += found.filter(({ event }) => types.includes(event.type)).length
    after = found.length === page ? (found.at(-1)?.position ?? null) : null
  }
  return Math.min(lag, mostCounted)
}

/** So far behind that the bus does not keep all of it any more. */
function tooOld(error: unknown): null {
  if (error instanceof TrellisError && error.code === 'CURSOR_EXPIRED') return null
  throw error
}

function unlessUnavailable(error: unknown): null {
  const isAway =
    error instanceof TrellisError && ['SUBGRAPH_UNAVAILABLE', 'DATABASE_UNAVAILABLE'].includes(error.code)
  if (isAway) return null
  throw error
}
