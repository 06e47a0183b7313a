import { once } from 'node:events'
import { holdConnection, type Session } from '../../events/held-connection.ts'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { registryChannel } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { loadRegistryState } from './read-registry-state.ts'
import type { RegistryState } from './registry-state.ts'

/** The registry as this replica knows it: in memory, and anew within moments of any change anywhere. */
export type Registry = {
  state(): RegistryState
  /** Resolves when `state()` holds every change committed before the call. @throws when the database is away */
  refresh(): Promise<void>
  /** Called after each reload, in the order of joining; returns how to leave. Must not throw. */
  onReload(listener: () => void): () => void
  close: Close
}

export type RegistryOptions = {
  db: PlatformDatabase
  /** The same database, for the connection that listens. */
  url: string
  /** How often the registry is read without having been told to, in milliseconds. Renewed leases arrive this way. */
  pollMs: number
  log: Log
}

/**
 * Loads the registry and keeps it current by NOTIFY, and by polling should a notification be lost. While the
 * database is away the last state goes on being served.
 *
 * @throws when the database cannot be read at all
 */
export async function openRegistry({ db, url, pollMs, log }: RegistryOptions): Promise<Registry> {
  let state = await loadRegistryState(db)
  const listeners = new Set<() => void>()
  const refresh = coalesce(async () => {
    state = await loadRegistryState(db)
    for (const listener of listeners) listener()
  })
  const refreshOrLog = () => {
    refresh().catch((error) =>
      log.warn({ err: error }, 'the registry could not be read; the last state is served'),
    )
  }
  const stopListening = holdConnection({
    databaseUrl: url,
    name: 'trellis-registry',
    log,
    work: (session, signal) => listenForChanges(session, signal, refreshOrLog),
  })
  const timer = setInterval(refreshOrLog, pollMs)

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
