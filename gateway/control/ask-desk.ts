import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { lambdaAudience, type SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import { logLevels, type PluginDesk } from '../../schema/plugin-desk.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { hostRefusal } from './host-refusal.ts'

/** Whose plugin it is about, and who asks. */
export type DeskCall = { client: string; viewer: Viewer }

/**
 * Asks the lambda host about a client's plugin; the treaty is schema/plugin-desk.ts.
 *
 * @throws {TrellisError} what the host says; SUBGRAPH_UNAVAILABLE without one; SUBGRAPH_INVALID_RESPONSE
 */
export type AskDesk = <Do extends keyof PluginDesk>(
  call: DeskCall,
  what: Do,
  ask: PluginDesk[Do]['ask'],
) => Promise<PluginDesk[Do]['answer']>

type AnswerSchemas = { [Do in keyof PluginDesk]: z.ZodType<PluginDesk[Do]['answer']> }

const timeoutMs = 10_000
const secretName = z.object({ name: z.string(), setAt: z.string(), setBy: z.string() })
const logLine = z.object({
  ...{ seq: z.string(), time: z.string(), lambda: z.string(), line: z.string() },
  level: z.enum(logLevels),
})
const deadLetter = z.object({
  ...{ key: z.string(), group: z.string(), error: z.string(), failedAt: z.string() },
  ...{ event: z.unknown(), attempts: z.number(), redelivering: z.boolean() },
  // A host that is older than this gateway tells no place.
  ...{ file: z.string().nullable().default(null), line: z.number().nullable().default(null) },
})
const handlerGroup = z.object({
  ...{ client: z.string(), members: z.number(), waiting: z.number(), deadLetters: z.number() },
  leftAfter: z.string().nullable(),
})
const answers: AnswerSchemas = {
  secrets: z.array(secretName),
  setSecret: secretName,
  deleteSecret: z.boolean(),
  logs: z.array(logLine),
  deadLetters: z.array(deadLetter),
  redeliver: z.number(),
  handlerGroups: z.array(handlerGroup),
  announce: z.boolean(),
}
const envelope = z.object({ answer: z.unknown() })

/** @param endpoint the base URL of a living host; undefined when there is none */
export function createAskDesk(endpoint: () => string | undefined, sign: SignGatewayToken): AskDesk {
  return async ({ client, viewer }, what, ask) => {
    const url = endpoint()
    if (url === undefined) throw unavailable()
    const token = await sign({ viewer, depth: 0 }, lambdaAudience)
    const response = await fetch(`${url.replace(/\/$/, '')}/clients/${encodeURIComponent(client)}/desk`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ do: what, ...ask }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => {
      throw unavailable()
    })
    const body: unknown = await response.json().catch(() => undefined)
    const answered = answers[what].safeParse(envelope.safeParse(body).data?.answer)
    if (response.ok && answered.success) return answered.data
    throw (
      hostRefusal(body) ??
      new TrellisError('SUBGRAPH_INVALID_RESPONSE', 'The lambda host answered something else.')
    )
  }
}

type Whose = { client: string; hasClient(slug: string): boolean }

/** For operators, and for the deployers of the client. @throws {TrellisError} NOT_FOUND for all others */
export function requireDesk({ viewer }: OperationContext, { client, hasClient }: Whose): DeskCall {
  const isTheirs = viewer?.kind === 'OPERATOR' || (viewer?.kind === 'DEPLOYER' && viewer.client === client)
  if (viewer && isTheirs && hasClient(client)) return { client, viewer }
  throw new TrellisError('NOT_FOUND', 'There is no such client.')
}

function unavailable(): TrellisError {
  return new TrellisError('SUBGRAPH_UNAVAILABLE', 'The lambda host cannot be reached.')
}
