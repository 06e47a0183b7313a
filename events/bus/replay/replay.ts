/** Which events are to be delivered again, to whom, and how far that is. */
export type Replay = ReplayRequest & {
  id: string
  status: ReplayStatus
  /** How many events of the bus it covers, when it was asked for; when it has ended, how many it was. */
  matched: number
  delivered: number
  /** RFC 3339, UTC. */
  requestedAt: string
  endedAt: string | null
  /** Why it failed. */
  error: string | null
}

export type ReplayRequest = {
  client: string
  group: string
  /** null: all types. */
  type: string | null
  /** The first time it covers. RFC 3339, UTC. */
  from: string
  /** The first time it covers no more. */
  to: string
  /** Who asked for it: `key:<id>`. */
  requestedBy: string | null
}

/** PREPARING until the group has made room for what is rebuilt. DONE and FAILED are the end. */
export type ReplayStatus = 'PREPARING' | 'RUNNING' | 'DONE' | 'FAILED'

export function replayCovers(
  { client, type, from, to }: Pick<ReplayRequest, 'client' | 'type' | 'from' | 'to'>,
  event: { client: string; type: string; time: string },
): boolean {
  const time = Date.parse(event.time)
  return (
    event.client === client &&
    (type === null || event.type === type) &&
    time >= Date.parse(from) &&
    time < Date.parse(to)
  )
}

/** Its deliveries are those of a consumer group that lasts as long as the replay. */
export function replayGroup(id: string): string {
  return `replay:${id}`
}
