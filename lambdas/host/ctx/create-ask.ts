import { z } from 'zod'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Log } from '../../../foundation/log.ts'
import { answerOfFailure } from '../../../prisma/database-outage.ts'
import type { Ask } from '../isolate-process.ts'

const graphQuestion = { document: z.string(), variables: z.record(z.string(), z.unknown()) }
const key = z.string()

/**
 * What an isolate asks of its host, as JSON text. The prelude writes it, but whoever is inside of the isolate may have
 * sent it: whose call it is, and what that call may do, is known here and never taken from it.
 */
const questionSchema = z.discriminatedUnion('do', [
  z.object({ do: z.literal('graphql'), ...graphQuestion }),
  z.object({ do: z.literal('asPlugin.graphql'), ...graphQuestion }),
  z.object({ do: z.literal('kv.get'), key }),
  z.object({
    do: z.literal('kv.set'),
    key,
    value: z.unknown().optional(),
    ttlSeconds: z.number().optional(),
    ifEquals: z.unknown().optional(),
  }),
  z.object({ do: z.literal('kv.delete'), key }),
  z.object({
    do: z.literal('kv.list'),
    prefix: z.string().default(''),
    after: z.string().optional(),
    limit: z.number().int().min(1).max(100).default(100),
  }),
  z.object({ do: z.literal('secrets.get'), name: z.string() }),
  z.object({ do: z.literal('emit'), type: z.string(), subject: z.string(), data: z.unknown() }),
  z.object({
    do: z.literal('fetch'),
    url: z.string().max(8_000),
    method: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string().optional(),
  }),
])

type AnyQuestion = z.infer<typeof questionSchema>

/** One kind of question, without what says which kind it is. */
export type Question<Do extends AnyQuestion['do']> = Extract<AnyQuestion, { do: Do }>

/** Answers in JSON text, as long as its call has not ended. @throws {TrellisError} what the lambda is to be told */
type Answer<Do extends AnyQuestion['do']> = (question: Question<Do>, ended: AbortSignal) => Promise<string>

/** All that the lambdas of one call can do. */
export type Powers = { [Do in AnyQuestion['do']]: Answer<Do> }

/**
 * The host's end of `ctx`. Its text is `{ "answer": … }`, or `{ "refused": message, "code" }`; it never rejects, and
 * says nothing of a fault of the platform.
 */
export function createAsk(powers: Powers, log: Log): Ask {
  return async (request, ended) => {
    try {
      return `{"answer":${await answer(powers, readQuestion(request), ended)}}`
    } catch (error) {
      if (error instanceof TrellisError) return refusal(error)
      log.error({ err: error }, 'a lambda could not be answered')
      return refusal(answerOfFailure(error))
    }
  }
}

function answer(powers: Powers, question: AnyQuestion, ended: AbortSignal): Promise<string> {
  switch (question.do) {
    case 'graphql':
      return powers.graphql(question, ended)
    case 'asPlugin.graphql':
      return powers['asPlugin.graphql'](question, ended)
    case 'kv.get':
      return powers['kv.get'](question, ended)
    case 'kv.set':
      return powers['kv.set'](question, ended)
    case 'kv.delete':
      return powers['kv.delete'](question, ended)
    case 'kv.list':
      return powers['kv.list'](question, ended)
    case 'secrets.get':
      return powers['secrets.get'](question, ended)
    case 'emit':
      return powers.emit(question, ended)
    case 'fetch':
      return powers.fetch(question, ended)
    default:
      return question satisfies never
  }
}

function readQuestion(request: string): AnyQuestion {
  const parsed = questionSchema.safeParse(parseJson(request))
  if (parsed.success) return parsed.data
  throw new TrellisError('BAD_USER_INPUT', z.prettifyError(parsed.error).slice(0, 500))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whatever it is, it is no question of the prelude's.
    return undefined
  }
}

function refusal({ code, message }: TrellisError): string {
  return JSON.stringify({ refused: message, code })
}
