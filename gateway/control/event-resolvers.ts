import type { DeadLetter, DeadLetterFilter, HistoryFilter } from '../../events/bus/bus-operations.ts'
import type { Replay } from '../../events/bus/replay/replay.ts'
import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import { TrellisError } from '../../foundation/errors.ts'
import { actorOf } from '../../foundation/viewer.ts'
import { handlerGroupOf, handlersGroup } from '../../schema/plugin-desk.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { requireDesk } from './ask-desk.ts'
import type { BusAccess } from './bus-access.ts'
import { readCursor, writeCursor } from './connection.ts'
import { eventEdge, pageSize, readPlace, shownEvent, toEdges } from './event-page.ts'
import { createHandlerDeadLetters, type DeadLetters } from './handler-dead-letters.ts'
import {
  clientOfGroup,
  type HandlerGroupsOptions,
  readHandlerGroups,
  requireHandled,
} from './handler-groups.ts'
import { onlyOperators } from './only-operators.ts'

type Page = { first?: number | null; after?: string | null }
type Filter = { client?: string | null; type?: string | null; subject?: string | null }
type ReplayArguments = {
  client: string
  consumerGroup: string
  type?: string | null
  from: Date
  to?: Date | null
}
type DeadLetterArguments = { client?: string | null; consumerGroup: string }

const auditPage = 500

export type EventOptions = HandlerGroupsOptions & {
  access: BusAccess
  hasClient(slug: string): boolean
}

/** What operators see of the bus, and do with it. What they do is an event itself, published before it is done. */
export function createEventResolvers(options: EventOptions) {
  const { access, hasClient, askDesk, state } = options
  const { bus } = access
  /** Those of the handlers of a client's plugin are for its deployers, too. */
  async function deadLettersOf(group: string, context: OperationContext): Promise<DeadLetters> {
    const client = clientOfGroup(group)
    if (client !== null) return createHandlerDeadLetters(askDesk, requireDesk(context, { client, hasClient }))
    onlyOperators(context)
    await requireGroup(access, group)
    return (await bus()).operations
  }
  return {
    Query: {
      async events(_root: unknown, { first, after, ...wanted }: Page & Filter, context: OperationContext) {
        onlyOperators(context)
        const { operations } = await bus()
        const page = { size: pageSize(first), after: after ?? null }
        const filter = filterOf(wanted)
        const place = page.after === null ? null : readPlace(page.after)
        const found = await operations.history(filter, {
          after: place,
          limit: page.size + 1,
          newestFirst: true,
        })
        return { ...toEdges(found, page, eventEdge), totalCount: () => operations.count(filter) }
      },
      async consumerGroups(_root: unknown, _arguments: unknown, context: OperationContext) {
        const viewer = onlyOperators(context)
        const opened = await bus()
        return [...(await opened.operations.groups()), ...(await readHandlerGroups(options, opened, viewer))]
      },
      async deadLetters(_root: unknown, input: Page & DeadLetterArguments, context: OperationContext) {
        const filter = { group: input.consumerGroup, client: input.client ?? null }
        const letters = await deadLettersOf(filter.group, context)
        const list = `deadLetters:${filter.group}`
        const page = { size: pageSize(input.first), after: input.after ?? null }
        const found = await letters.deadLetters(filter, {
          after: page.after === null ? null : readKey(list, page.after),
          limit: page.size + 1,
        })
        return toEdges(found, page, (letter) => ({ cursor: writeCursor(list, letter.key), node: letter }))
      },
      async replay(_root: unknown, { id }: { id: string }, context: OperationContext) {
        onlyOperators(context)
        return (await bus()).operations.replay(id)
      },
    },
    Mutation: {
      async replayEvents(_root: unknown, input: ReplayArguments, context: OperationContext) {
        const requestedBy = actorOf(onlyOperators(context))
        const { client, consumerGroup: group, type = null } = input
        if (!hasClient(client)) throw new TrellisError('NOT_FOUND', 'There is no such client.')
        const from = input.from.toISOString()
        const to = (input.to ?? new Date()).toISOString()
        const { operations, publish } = await bus()
        const ofBus = clientOfGroup(group) === null ? group : requireHandled(state(), { client, group, type })
        await requireGroup(access, ofBus)
        const data = { consumerGroup: group, type, from, to }
        await publish([audit('control.replay.requested', { client, subject: group, data }, context)])
        return operations.startReplay({ client, group: ofBus, type, from, to, requestedBy })
      },
      async redeliverDeadLetters(
        _root: unknown,
        input: DeadLetterArguments & { ids?: string[] | null },
        context: OperationContext,
      ) {
        const { consumerGroup: group, client = null, ids = null } = input
        const letters = await deadLettersOf(group, context)
        const { publish } = await bus()
        const data = { consumerGroup: group, ids }
        const requested = 'control.dead_letters.redelivery_requested'
        const clients = await clientsOf(letters, { group, client }, ids)
        await publish(clients.map((client) => audit(requested, { client, subject: group, data }, context)))
        return { count: await letters.redeliver({ group, client }, ids) }
      },
    },
    Replay: {
      consumerGroup: ({ group, client }: Replay) =>
        group === handlersGroup ? handlerGroupOf(client) : group,
    },
    DeadLetter: {
      id: ({ event }: DeadLetter) => event.id,
      event: ({ event }: DeadLetter) => shownEvent(event),
    },
  }
}

export function filterOf({ client = null, type = null, subject = null }: Filter): HistoryFilter {
  return { client, type, subject }
}

/** Whose dead letters these are: what was done is on record for each of them. */
async function clientsOf(
  letters: DeadLetters,
  filter: DeadLetterFilter,
  ids: readonly string[] | null,
): Promise<string[]> {
  const clients = new Set<string>()
  let after: string | null = null
  do {
    const page: DeadLetter[] = await letters.deadLetters(filter, { after, limit: auditPage })
    for (const { event } of page) if (!ids || ids.includes(event.id)) clients.add(event.client)
    after = page.length === auditPage ? (page.at(-1)?.key ?? null) : null
  } while (after !== null)
  return [...clients]
}

async function requireGroup({ bus }: BusAccess, group: string): Promise<void> {
  const groups = await (await bus()).operations.groups()
  if (groups.some(({ name }) => name === group)) return
  throw new TrellisError('NOT_FOUND', `There is no consumer group "${group}".`)
}

function readKey(list: string, cursor: string): string {
  const key = readCursor(list, cursor)
  if (!/^\d{1,15}$/.test(key)) throw new TrellisError('CURSOR_INVALID', 'The cursor is not one of this list.')
  return key
}

type AuditFields = Pick<PlatformEvent, 'client' | 'subject' | 'data'>

function audit(type: string, fields: AuditFields, context: OperationContext): PlatformEvent {
  return {
    ...fields,
    type,
    id: crypto.randomUUID(),
    source: 'control',
    actor: context.viewer && actorOf(context.viewer),
    time: new Date().toISOString(),
    traceparent: context.traceparent ?? null,
    dataVersion: 1,
  }
}
