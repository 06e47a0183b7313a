import { actorOf } from '../../foundation/viewer.ts'
import type { LogLevel, LogLine } from '../../schema/plugin-desk.ts'
import { changeRegistry, type RegistryAction } from '../registry/change-registry.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import type { RegisteredClient } from '../registry/registry-state.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { type AskDesk, type DeskCall, requireDesk } from './ask-desk.ts'
import { readCursor, writeCursor } from './connection.ts'
import { pageSize, toEdges } from './event-page.ts'

export type PluginOptions = { db: PlatformDatabase; askDesk: AskDesk; hasClient(slug: string): boolean }

type Note = { action: RegistryAction; name: string }

type LogArguments = {
  first?: number | null
  after?: string | null
  lambda?: string | null
  level?: LogLevel | null
}

/** What operators, and deployers for their own client, see of a plugin at work: its log, and the names of its secrets. */
export function createPluginResolvers({ db, askDesk, hasClient }: PluginOptions) {
  const deskOf = (context: OperationContext, client: string) => requireDesk(context, { client, hasClient })
  /** With the registry away the host is not asked: it could not go on record. No other change waits for the host. */
  const noted = async <T>({ client, viewer }: DeskCall, { action, name }: Note, ask: () => Promise<T>) => {
    await db.$queryRaw`SELECT 1`
    const answer = await ask()
    const change = { action, subject: `client:${client}`, client, before: null, after: { name } } as const
    if (answer) await changeRegistry(db, actorOf(viewer), (_tx, record) => record(change))
    return answer
  }

  return {
    Mutation: {
      async setSecret(
        _root: unknown,
        { client, name, value }: { client: string; name: string; value: string },
        context: OperationContext,
      ) {
        const call = deskOf(context, client)
        return noted(call, { action: 'registry.secret.set', name }, () =>
          askDesk(call, 'setSecret', { name, value }),
        )
      },
      async deleteSecret(
        _root: unknown,
        { client, name }: { client: string; name: string },
        context: OperationContext,
      ) {
        const call = deskOf(context, client)
        return noted(call, { action: 'registry.secret.deleted', name }, () =>
          askDesk(call, 'deleteSecret', { name }),
        )
      },
    },
    Client: {
      secrets: ({ slug }: RegisteredClient, _arguments: unknown, context: OperationContext) =>
        askDesk(deskOf(context, slug), 'secrets', {}),
      async logs({ slug }: RegisteredClient, input: LogArguments, context: OperationContext) {
        const list = `logs:${slug}`
        const page = { size: pageSize(input.first), after: input.after ?? null }
        const found = await askDesk(deskOf(context, slug), 'logs', {
          before: page.after === null ? null : readCursor(list, page.after),
          limit: page.size + 1,
          lambda: input.lambda ?? null,
          level: input.level ?? null,
        })
        return toEdges(found, page, (line) => ({ cursor: writeCursor(list, line.seq), node: line }))
      },
    },
    PluginLogLevel: { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' },
    PluginLogLine: { time: ({ time }: LogLine) => new Date(time) },
    PluginSecret: { setAt: ({ setAt }: { setAt: string }) => new Date(setAt) },
  }
}
