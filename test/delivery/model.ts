/** One change of one record, as the gateway acknowledged it, or as somebody saw it. */
export type Change = { record: string; version: number }

/** What was acknowledged: of each record, the version it has reached. Each record has one writer. */
export type Acknowledged = Map<string, number>

export type Fault = {
  kind: 'lost' | 'doubled' | 'gap' | 'out of order' | 'invented'
  who: string
  change: Change
}

/**
 * A subscriber that resumes sees every version of every record exactly once, in order, from the first one it saw.
 * Its history may begin in the middle of a record's life, and has no holes from there.
 */
export function judgeWatcher(who: string, seen: readonly Change[], acknowledged: Acknowledged): Fault[] {
  const faults: Fault[] = []
  const last = new Map<string, number>()
  for (const change of seen) {
    const before = last.get(change.record)
    if (before !== undefined && change.version <= before) {
      faults.push({ kind: change.version === before ? 'doubled' : 'out of order', who, change })
    } else if (before !== undefined && change.version > before + 1) {
      faults.push({ kind: 'gap', who, change })
    }
    last.set(change.record, Math.max(before ?? 0, change.version))
  }
  return [...faults, ...missingEnds(who, last, acknowledged)]
}

/**
 * A consumer group gets every event at least once. Redelivery is allowed; what it must not do is to come upon a version
 * of a record before it has been given all those before it.
 */
export function judgeGroup(who: string, delivered: readonly Change[], acknowledged: Acknowledged): Fault[] {
  const faults: Fault[] = []
  const last = new Map<string, number>()
  for (const change of delivered) {
    const before = last.get(change.record) ?? 0
    if (change.version > before + 1) faults.push({ kind: 'out of order', who, change })
    last.set(change.record, Math.max(before, change.version))
  }
  return [...faults, ...missingEnds(who, last, acknowledged)]
}

function missingEnds(who: string, last: ReadonlyMap<string, number>, acknowledged: Acknowledged): Fault[] {
  const faults: Fault[] = []
  for (const [record, version] of acknowledged) {
    const reached = last.get(record) ?? 0
    if (reached < version) faults.push({ kind: 'lost', who, change: { record, version: reached + 1 } })
    if (reached > version) faults.push({ kind: 'invented', who, change: { record, version: reached } })
  }
  return faults
}

/** Whether a watcher or a group has come to the end of what was acknowledged. */
export function hasAll(seen: readonly Change[], acknowledged: Acknowledged): boolean {
  const last = new Map<string, number>()
  for (const { record, version } of seen) last.set(record, Math.max(last.get(record) ?? 0, version))
  return [...acknowledged].every(([record, version]) => (last.get(record) ?? 0) >= version)
}
