import { actorOf, type Viewer } from '../../foundation/viewer.ts'

export type SocketLimits = {
  /** Open sockets of this process. @default 50_000 */
  sockets: number
  /** Of them, those of one client. @default 20_000 */
  socketsPerClient: number
  /** Of them, those of one user. Keys are held by servers, and bound by the limit of their client. @default 100 */
  socketsPerUser: number
  /** Operations under way on one socket. @default 200 */
  operationsPerSocket: number
  /** Of one message, in bytes. @default 4 MiB */
  messageBytes: number
  /** Over a longer time; a burst may be five times that. @default 100 */
  messagesPerSecond: number
  /** How long a socket may stay without `connection_init`. In milliseconds. @default 5_000 */
  initialisedWithinMs: number
  /** A socket that does not answer a ping until the next is cut. In milliseconds. @default 15_000 */
  pingEveryMs: number
  /** How long a socket whose token has expired waits for a fresh one. In milliseconds. @default 30_000 */
  graceMs: number
}

export const defaultSocketLimits: SocketLimits = {
  sockets: 50_000,
  socketsPerClient: 20_000,
  socketsPerUser: 100,
  operationsPerSocket: 200,
  messageBytes: 4 * 1024 * 1024,
  messagesPerSecond: 100,
  initialisedWithinMs: 5_000,
  pingEveryMs: 15_000,
  graceMs: 30_000,
}

/** Who has how many sockets. */
export type SocketCounts = {
  /** False where it would be one too many; else the place is taken until `leave`. */
  enter(viewer: Viewer | null): boolean
  leave(viewer: Viewer | null): void
}

export function createSocketCounts(limits: SocketLimits): SocketCounts {
  const counts = new Map<string, number>()
  const count = (name: string, by: number) => {
    const now = (counts.get(name) ?? 0) + by
    if (now > 0) counts.set(name, now)
    else counts.delete(name)
  }
  return {
    enter(viewer) {
      const places = placesOf(viewer, limits)
      if (places.some(({ name, most }) => (counts.get(name) ?? 0) >= most)) return false
      for (const { name } of places) count(name, 1)
      return true
    },
    leave(viewer) {
      for (const { name } of placesOf(viewer, limits)) count(name, -1)
    },
  }
}

function placesOf(viewer: Viewer | null, limits: SocketLimits): { name: string; most: number }[] {
  if (!viewer || viewer.kind === 'OPERATOR') return []
  const client = { name: viewer.client, most: limits.socketsPerClient }
  if (viewer.kind !== 'USER') return [client]
  return [client, { name: `${viewer.client} ${actorOf(viewer)}`, most: limits.socketsPerUser }]
}

const burstSeconds = 5

/** A token bucket. Answers whether one more is within the rate. */
export function createRateLimit(perSecond: number): () => boolean {
  const most = perSecond * burstSeconds
  let left = most
  let filledAt = performance.now()
  return () => {
    const now = performance.now()
    left = Math.min(most, left + ((now - filledAt) / 1000) * perSecond)
    filledAt = now
    if (left < 1) return false
    left -= 1
    return true
  }
}
