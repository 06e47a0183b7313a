import { once } from 'node:events'
import { holdConnection, type Session } from '../../events/held-connection.ts'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { registryChannel } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { readChanges, readLeases } from './read-changes.ts'
import { loadRegistryState } from './read-registry-state.ts'
import type { RegistryState } from './registry-state.ts'

/** The registry as this replica knows it: in memory, and anew within moments of any change anywhere. */
export type Registry = {
  state(): RegistryState
  /** Resolves when `state()` holds every change committed before the call. @throws when the database is away */
  refresh(): Promise<void>
  /** Called after each change, in the order of joining; returns how to leave. Must not throw. */
  onReload(listener: () => void): () => void
  close: Close
}

export type RegistryOptions = {
  db: PlatformDatabase
  /** The same database, for the connection that listens. */
  url: string
  /** How often changes are looked for without having been told to, in milliseconds. Renewed leases arrive this way. */
  pollMs: number
  log: Log
}

/** Everything is read anew after this. */
const loadAnewMs = 5 * 60_000

/**
 * Loads the registry and keeps it current: told by NOTIFY, it reads what has changed; should a notification be lost,
 * it finds the change by polling; and should a change not be on record, by reading everything now and then. While the
 * database is away the last state goes on being served.
 *
 * @throws when the database cannot be read at all
 */
export async function openRegistry({ db, url, pollMs, log }: RegistryOptions): Promise<Registry> {
  let state = await loadRegistryState(db)
  const listeners = new Set<() => void>()
  let loadedAt = Date.now()
  let isSuspect = false
  const refresh = coalesce(async () => {
    const isDue = isSuspect || Date.now() - loadedAt > loadAnewMs
    const read = isDue ? await loadRegistryState(db) : await readChanges(db, state)
    if (isDue) loadedAt = Date.now()
    isSuspect &&= !isDue
    const isNews = read !== state
    state = await readLeases(db, read)
    if (isNews) for (const listener of listeners) listener()
  })
  const orLog = (reading: Promise<void>) => {
    reading.catch((error) =>
      log.warn({ err: error }, 'the registry could not be read; the last state is served'),
    )
  }
  const stopListening = holdConnection({
    databaseUrl: url,
    name: 'trellis-registry',
    log,
    work: (session, signal) => {
      // It may be another database that answers now.
      isSuspect = true
      return listenForChanges(session, signal, () => orLog(refresh()))
    },
  })
  const timer = setInterval(() => orLog(refresh()), pollMs)

  return {
    state: () => state,
    refresh,
    onReload(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      clearInterval(timer)
      listeners.clear()
      await stopListening()
      // The one under way is waited for: the database is closed next.
      await refresh().catch(() => undefined)
    },
  }
}

/** What changed while nobody listened is read at once. */
async function listenForChanges(session: Session, signal: AbortSignal, onChange: () => void): Promise<void> {
  session.onNotification(onChange)
  await session.query(`LISTEN ${registryChannel}`)
  onChange()
  if (!signal.aborted) await once(signal, 'abort')
}

/** One run at a time; whoever asks while one is under way gets the next, which begins after they asked. */
function coalesce(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve()
  let queued: Promise<void> | null = null
  return () => {
    queued ??= current
      .catch(() => undefined)
      .then(() => {
        queued = null
        current = work()
        return current
      })
    return queued
  }
}
