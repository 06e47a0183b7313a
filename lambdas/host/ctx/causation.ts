import { randomBytes } from 'node:crypto'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'

/**
 * How far something is from what somebody outside did, along the plugin's own doing: an event that a plugin's handler
 * caused is one hop further than the event that it handled. Events carry the trace context of the operation they come
 * from, through gateway and modules as it is; what a plugin does in its own name therefore gets a context of the host's making,
 * whose parent id begins with the number. Only where the plugin itself is the actor is it read: from others it may be anything.
 */
export type Cause = { traceId: string; hops: number }

/** An event further away than this is not handled any more. */
export const maxHops = 5

const format = /^[0-9a-f]{2}-(?<traceId>[0-9a-f]{32})-(?<hops>[0-9a-f]{2})[0-9a-f]{14}-[0-9a-f]{2}$/

/** @param isOfPlugin whether the plugin itself made it: of all others, nothing but the trace is taken */
export function readCause(traceparent: string | null | undefined, isOfPlugin: boolean): Cause {
  const { traceId, hops = '0' } = format.exec(traceparent ?? '')?.groups ?? {}
  return {
    traceId: traceId ?? randomBytes(16).toString('hex'),
    hops: isOfPlugin ? Number.parseInt(hops, 16) : 0,
  }
}

export function causeOfEvent({ actor, client, traceparent }: PlatformEvent): Cause {
  return readCause(traceparent, actor === `plugin:${client}`)
}

/** The trace context of what a plugin does of that cause. */
export function traceparentOf({ traceId, hops }: Cause): string {
  const next = Math.min(hops + 1, 255)
    .toString(16)
    .padStart(2, '0')
  return `00-${traceId}-${next}${randomBytes(7).toString('hex')}-01`
}
