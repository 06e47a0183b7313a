import type { LogStream } from '../events/log/log-stream.ts'
import type { ModuleLog } from '../events/log/module-log.ts'
import type { Tail } from '../events/log/tail-log.ts'
import type { Call } from './call.ts'

export type FollowRequest = {
  stream: LogStream /** The caller's cursor; null: from now on. */
  after: string | null
}

/**
 * What a subscription's resolver reads from. A cursor that is no good is an answer to the subscriber, not a stream
 * that breaks.
 *
 * @throws {TrellisError} CURSOR_INVALID, CURSOR_OF_ANOTHER_STREAM, CURSOR_EXPIRED
 */
export async function followLog(
  events: Pick<ModuleLog<unknown>, 'read' | 'tail'>,
  { stream, after }: FollowRequest,
  { signal, tellPlaces }: Call,
): Promise<Tail> {
  if (after !== null) await events.read(stream, after, 1)
  const entries = events.tail(stream, after, signal)
  tellPlaces?.(entries.place)
  return entries
}
