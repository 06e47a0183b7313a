import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { PlatformDatabase } from './platform-database.ts'

/** When keys were last used: noted in memory with each request, written now and then, in one statement. */
export type KeyUses = {
  note(id: string): void
  /** Writes what it knows. */
  close: Close
}

/** @param everyMs @default a minute */
export function createKeyUses(db: PlatformDatabase, log: Log, everyMs = 60_000): KeyUses {
  let uses = new Map<string, number>()
  const write = async () => {
    if (uses.size === 0) return
    const written = uses
    uses = new Map()
    const ids = [...written.keys()]
    const times = [...written.values()].map((time) => new Date(time))
    await db.$executeRaw`
      UPDATE api_key k SET last_used_at = greatest(k.last_used_at, u.time)
      FROM unnest(${ids}::text[], ${times}::timestamptz[]) AS u (id, time) WHERE k.id = u.id`.catch((error) =>
      log.debug({ err: error }, 'when keys were used could not be written'),
    )
  }
  const timer = setInterval(write, everyMs)
  return {
    note: (id) => uses.set(id, Date.now()),
    async close() {
      clearInterval(timer)
      await write()
    },
  }
}
