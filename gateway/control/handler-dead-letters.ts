import { z } from 'zod'
import type { BusOperations, DeadLetter } from '../../events/bus/bus-operations.ts'
import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import type { HandlerDeadLetter } from '../../schema/plugin-desk.ts'
import type { AskDesk, DeskCall } from './ask-desk.ts'

/** What can be done with the dead letters of a consumer group, wherever they are kept: those of plugins have a place. */
export type DeadLetters = Pick<BusOperations, 'redeliver'> & {
  deadLetters(...page: Parameters<BusOperations['deadLetters']>): Promise<PlacedDeadLetter[]>
}

type PlacedDeadLetter = DeadLetter & Partial<Pick<HandlerDeadLetter, 'file' | 'line'>>

const eventSchema: z.ZodType<PlatformEvent> = z.object({
  ...{ id: z.string(), source: z.string(), type: z.string(), subject: z.string(), client: z.string() },
  ...{ actor: z.string().nullable(), time: z.string(), traceparent: z.string().nullable() },
  ...{ dataVersion: z.number(), data: z.record(z.string(), z.unknown()) },
})

/** Those of one client's handlers: the lambda host keeps them. */
export function createHandlerDeadLetters(askDesk: AskDesk, call: DeskCall): DeadLetters {
  const isOther = ({ client }: { client: string | null }) => client !== null && client !== call.client
  return {
    async deadLetters(filter, page) {
      if (isOther(filter)) return []
      const letters = await askDesk(call, 'deadLetters', page)
      return letters.map((letter) => ({ ...letter, event: eventSchema.parse(letter.event) }))
    },
    redeliver: async (filter, ids) =>
      isOther(filter) ? 0 : askDesk(call, 'redeliver', { ids: ids && [...ids] }),
  }
}
