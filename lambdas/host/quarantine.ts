export type QuarantineOptions = {
  /** Limits met within `withinMs` before a client is taken apart. */
  trips: number
  withinMs: number
  /** How long, for the first time; twice as long each time after that. */
  firstMs: number
  longestMs: number
}

/** Clients whose code is not to run beside that of others for a while. */
export type Quarantine = {
  /** Its code broke a limit that costs others something. */
  trip(client: string): void
  /** Its code ended a process, or would not let go of a thread: no second chance is waited for. */
  enter(client: string): void
  holds(client: string): boolean
}

type Record = { trips: number[]; untilMs: number; stays: number }

/** Of clients that have done no harm for the longest stay, nothing is kept. */
export function createQuarantine(options: QuarantineOptions): Quarantine {
  const records = new Map<string, Record>()

  function recordOf(client: string): Record {
    const now = performance.now()
    for (const [name, { untilMs, trips }] of records)
      if (Math.max(untilMs, trips.at(-1) ?? 0) < now - options.longestMs) records.delete(name)
    const record = records.get(client) ?? { trips: [], untilMs: 0, stays: 0 }
    records.set(client, record)
    return record
  }

  function enter(client: string): void {
    const record = recordOf(client)
    const now = performance.now()
    if (record.untilMs > now) return
    record.untilMs = now + Math.min(options.longestMs, options.firstMs * 2 ** record.stays)
    record.stays += 1
    record.trips = []
  }

  return {
    enter,
    trip(client) {
      const record = recordOf(client)
      const now = performance.now()
      record.trips = [...record.trips, now].filter((at) => at > now - options.withinMs).slice(-options.trips)
      if (record.trips.length >= options.trips) enter(client)
    },
    holds: (client) => (records.get(client)?.untilMs ?? 0) > performance.now(),
  }
}
