import type { Compose } from '../composition/compose.ts'
import type { ReadDocuments } from '../planning/planner-pool.ts'
import { createReadAsked } from './asked-coordinates.ts'
import { changeRegistry, type RecordChange } from './change-registry.ts'
import { judgeClients, type Verdict } from './judge-clients.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'
import { loadRegistryState, readRegistryState, readRevision } from './read-registry-state.ts'
import type { RegistryState } from './registry-state.ts'
import { type ClientFault, type Refusal, tellRefusal } from './tell-refusal.ts'

export type Judging = { db: PlatformDatabase; compose: Compose; readDocuments: ReadDocuments }

export type JudgedChange<T> = {
  /** As in `changeRegistry`. */
  actor: string
  /** An operator insists: it is made whatever does not compose. @default false */
  force?: boolean
  /** What it makes of the registry as it is. Pure; may throw what the caller is told. */
  verdict(state: RegistryState): Verdict
  /** Makes it. `forced`: although something does not compose. */
  make(
    tx: PlatformTransaction,
    record: RecordChange,
    now: { state: RegistryState; forced: boolean },
  ): Promise<T>
}

export type Changed<T> = { ok: true; value: T } | { ok: false; errors: Refusal[] }

type Judged<T> = { ok: true; value: T } | { ok: false; faults: ClientFault[] }

/** After so many changes by others it is judged while they wait. */
const judgedAside = 3

/**
 * A change that is made only where every client's graph still composes after it. A thousand graphs take their time to
 * compose, so it is judged before it has its turn; where others have changed the registry meanwhile, once more.
 */
export async function changeJudged<T>(judging: Judging, change: JudgedChange<T>): Promise<Changed<T>> {
  const changed = await changeOrJudge(judging, change)
  return changed.ok ? changed : { ok: false, errors: await tellRefusal(judging.db, changed.faults) }
}

async function changeOrJudge<T>({ db, compose }: Judging, change: JudgedChange<T>): Promise<Judged<T>> {
  const { actor, force = false, verdict, make } = change
  const judge = (state: RegistryState, from: PlatformTransaction = db) =>
    judgeClients({ compose, readAsked: createReadAsked(from) }, state, verdict(state))
  for (let attempt = 1; ; attempt += 1) {
    const seen = await loadRegistryState(db)
    const found = attempt > judgedAside ? null : await judge(seen)
    if (found && found.length > 0 && !force) return { ok: false, faults: found }
    const changed = await changeRegistry(db, actor, async (tx, record): Promise<Judged<T> | null> => {
      const isUnchanged = (await readRevision(tx)) === seen.revision
      if (found && !isUnchanged) return null
      const state = isUnchanged ? seen : await readRegistryState(tx)
      const faults = found ?? (await judge(state, tx))
      if (faults.length > 0 && !force) return { ok: false, faults }
      return { ok: true, value: await make(tx, record, { state, forced: faults.length > 0 }) }
    })
    if (changed) return changed
  }
}
