import { once } from 'node:events'
import { holdConnection, type Session } from '../../events/held-connection.ts'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { registryChannel } from './change-registry.ts'
import { createLeaseClock } from './lease-clock.ts'
import type { PlatformDatabase } from './platform-database.ts'
import { readChanges, readPresence } from './read-changes.ts'
import { loadRegistryState } from './read-registry-state.ts'
import type { RegistryState } from './registry-state.ts'
import type { StateFile } from './state-file.ts'

/** The registry as this replica knows it: in memory, and anew within moments of any change anywhere. */
export type Registry = {
  state(): RegistryState
  /** Resolves when `state()` holds every change committed before the call. @throws when the database is away */
  refresh(): Promise<void>
  /** Since when the database cannot be read; null: it can. */
  awaySince(): Date | null
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
  /** Brings the database to where it can be read; tried again until it has succeeded once. */
  prepare(): Promise<void>
  /** What was read last, for a start while the database is away. @default none: such a start fails */
  file?: StateFile | undefined
  log: Log
}

/** Everything is read anew after this. */
const loadAnewMs = 5 * 60_000

/**
 * Loads the registry and keeps it current: told by NOTIFY, it reads what has changed; should a notification be lost,
 * it finds the change by polling; and should a change not be on record, by reading everything now and then. While the
 * database is away the last state goes on being served; a start then serves the one of the last run.
 *
 * @throws when the database cannot be read at all, and there is no last state
 */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const { db, url, pollMs, prepare, file, log } = options
  const listeners = new Set<() => void>()
  const leases = createLeaseClock()
  let loadedAt = Number.NEGATIVE_INFINITY
  let isPrepared = false
  let state: RegistryState | null = null
  let awaySince: Date | null = null
  /** Since when it is not told of changes: it finds them by polling, later than it should. */
  let deafSince: Date | null = null

  const read = async (before: RegistryState | null): Promise<RegistryState> => {
    if (!isPrepared) await prepare()
    isPrepared = true
    const isDue = !before || Date.now() - loadedAt > loadAnewMs
    const found = isDue ? await loadRegistryState(db) : await readChanges(db, before)
    if (isDue) loadedAt = Date.now()
    return found
  }
  const refresh = coalesce(async () => {
    try {
      const found = await read(state)
      const before = state
      state = await readPresence(db, found, leases.contact())
      awaySince = null
      const isNews = found !== before
      if (isNews || state.signingKeys !== before.signingKeys) file?.write(state)
      if (!isNews) return
      for (const listener of listeners) listener()
    } catch (error) {
      awaySince ??= new Date()
      throw error
    }
  })
  const orLog = (reading: Promise<void>) => {
    reading.catch((error) =>
      log.warn({ err: error }, 'the registry could not be read; the last state is served'),
    )
  }
  await refresh().catch(async (error) => {
    state = (await file?.read()) ?? null
    if (!state) throw error
    leases.resume(state.leasesAsOf)
    deafSince = new Date()
    log.warn({ err: error }, 'the registry cannot be read; the state of the last run is served')
  })
  const stopListening = holdConnection({
    databaseUrl: url,
    name: 'trellis-registry',
    log,
    async work(session, signal) {
      // It may be another database that answers now.
      loadedAt = Number.NEGATIVE_INFINITY
      try {
        await listenForChanges(session, signal, () => {
          deafSince = null
          orLog(refresh())
        })
      } finally {
        deafSince = new Date()
      }
    },
  })
  const timer = setInterval(() => orLog(refresh()), pollMs)

  return {
    state() {
      if (!state) throw new Error('The registry was not read.')
      return state
    },
    awaySince: () => awaySince ?? deafSince,
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
      await file?.close()
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
