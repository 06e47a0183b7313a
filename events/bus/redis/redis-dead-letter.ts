import type { Burial, StoredEvent } from '../bus-store.ts'

/** As Redis keeps it. The event is text in the text: scripts read the rest, and would not write its numbers as they were. */
type Written = {
  partition: number
  position: string
  client: string
  event: string
  error: string
  attempts: number
  failedAt: string
}

export function writeDeadLetter(partition: number, { position, event, error, attempts }: Burial): string {
  const written: Written = {
    partition,
    position,
    client: event.client,
    event: JSON.stringify(event),
    error,
    attempts,
    failedAt: new Date().toISOString(),
  }
  return JSON.stringify(written)
}

export function readDeadLetter(json: string): StoredEvent & Pick<Written, 'error' | 'attempts' | 'failedAt'> {
  const { event, client: _client, ...rest } = JSON.parse(json) as Written
  return { ...rest, event: JSON.parse(event) }
}
