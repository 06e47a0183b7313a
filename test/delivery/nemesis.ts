import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from './random.ts'
import type { Server } from './server.ts'

export type Nemesis = {
  /** What was done, in order: `12.3 s kill postgres (400 ms)`. */
  deeds: string[]
  /** Resolves when the last fault has been mended. @throws when a server did not come back */
  ended: Promise<unknown>
}

/** Does to the servers what machines do, until the signal: kills and freezes, one at a time and now and then two. */
export function startNemesis(servers: readonly Server[], random: Random, signal: AbortSignal): Nemesis {
  const deeds: string[] = []
  const startedAt = Date.now()
  const harmed = new Set<Server>()
  const harm = async () => {
    const server = random.pick(servers.filter((candidate) => !harmed.has(candidate)))
    const deed = random.next() < 0.6 ? 'kill' : 'freeze'
    const ms = deed === 'kill' ? random.between(0, 1_500) : random.between(500, 8_000)
    deeds.push(`${((Date.now() - startedAt) / 1_000).toFixed(1)} s ${deed} ${server.name} (${ms} ms)`)
    harmed.add(server)
    await server[deed](ms)
    harmed.delete(server)
  }
  const rampage = async (quietestMs: number) => {
    while (!signal.aborted) {
      await pause(random.between(300, quietestMs), undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await harm()
    }
  }
  return { deeds, ended: Promise.all([rampage(2_500), rampage(15_000)]) }
}
