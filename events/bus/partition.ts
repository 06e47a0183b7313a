import { crc32 } from 'node:zlib'
import type { PlatformEvent } from '../catalogue/platform-event.ts'
import { partitionCount } from './bus-store.ts'

/** What stays in order. A subject belongs to one client. */
export function subjectKey({ client, subject }: Pick<PlatformEvent, 'client' | 'subject'>): string {
  return `${client}/${subject}`
}

/** Never to be changed while a bus has events: the order of a subject is that of its partition. */
export function partitionOf(event: Pick<PlatformEvent, 'client' | 'subject'>): number {
  return crc32(subjectKey(event)) % partitionCount
}
