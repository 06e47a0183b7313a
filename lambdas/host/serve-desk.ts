import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, type Viewer } from '../../foundation/viewer.ts'
import { everyClient, logLevels, type PluginDesk } from '../../schema/plugin-desk.ts'
import type { SecretStore } from './ctx/secret-store.ts'
import type { HandlerQueue } from './handlers/handler-queue.ts'
import type { PluginLog } from './logs/plugin-log.ts'
import { parseBody, type Verify } from './serving.ts'

export type Desk = { secrets: SecretStore; pluginLog: PluginLog; queue: HandlerQueue }

const place = z
  .string()
  .regex(/^\d{1,18}$/)
  .nullable()
const limit = z.number().int().min(1).max(1_000)

const askSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('secrets') }),
  z.object({ do: z.literal('setSecret'), name: z.string(), value: z.string() }),
  z.object({ do: z.literal('deleteSecret'), name: z.string() }),
  z.object({
    do: z.literal('logs'),
    before: place,
    limit,
    lambda: z.string().nullable(),
    level: z.enum(logLevels).nullable(),
  }),
  z.object({ do: z.literal('deadLetters'), after: place, limit }),
  z.object({ do: z.literal('redeliver'), ids: z.array(z.string()).nullable() }),
  z.object({ do: z.literal('handlerGroups') }),
  z.object({ do: z.literal('announce'), types: z.array(z.string()).max(1_000) }),
])

/** `POST /clients/<client>/desk`: schema/plugin-desk.ts, for operators and the client's deployers. */
export function serveDesk(app: FastifyInstance, verify: Verify, desk: Desk): void {
  app.post<{ Params: { client: string } }>('/clients/:client/desk', async (request) => {
    const { client } = request.params
    const { viewer } = await verify(request)
    if (viewer.kind !== 'OPERATOR' && !(viewer.kind === 'DEPLOYER' && viewer.client === client))
      throw new TrellisError('NOT_FOUND', 'There is no such client.')
    return { answer: await answer(desk, parseBody(askSchema, request.body), { client, viewer }) }
  })
}

type Asking = { client: string; viewer: Viewer }
type Answer = PluginDesk[keyof PluginDesk]['answer']

async function answer(
  { secrets, pluginLog, queue }: Desk,
  ask: z.infer<typeof askSchema>,
  { client, viewer }: Asking,
): Promise<Answer> {
  switch (ask.do) {
    case 'secrets':
      return (await secrets.names(client)).map(writtenOut)
    case 'setSecret': {
      const { name, value } = ask
      return writtenOut(await secrets.set(client, { name, value, setBy: actorOf(viewer) }))
    }
    case 'deleteSecret':
      return secrets.delete(client, ask.name)
    case 'logs':
      await pluginLog.flush()
      return (await pluginLog.read(client, ask)).map((line) => ({ ...line, time: line.time.toISOString() }))
    case 'deadLetters':
      return queue.deadLetters(client, ask)
    case 'redeliver':
      return queue.redeliver(client, ask.ids)
    case 'handlerGroups':
      return queue.groups(client === everyClient ? null : client)
    case 'announce':
      await queue.announce(client, ask.types)
      return true
    default:
      return ask satisfies never
  }
}

function writtenOut<Secret extends { setAt: Date }>(
  secret: Secret,
): Omit<Secret, 'setAt'> & { setAt: string } {
  return { ...secret, setAt: secret.setAt.toISOString() }
}
