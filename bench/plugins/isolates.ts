import { setTimeout as pause } from 'node:timers/promises'
import { silentLog } from '../../foundation/log.ts'
import { defaultPool, type IsolatePool, openIsolatePool } from '../../lambdas/host/isolate-pool.ts'
import { createRunLambdas, type RunnableBuild } from '../../lambdas/host/run-lambdas.ts'
import { defaultLimits } from '../../lambdas/isolates/isolate-limits.ts'
import { commandOf, processTree } from '../../test/support/processes.ts'
import type { BenchRow } from '../bench.ts'
import { residentMb } from '../federation/process.ts'
import { rounded } from '../federation/rounds.ts'
import { aim } from '../subscriptions/figures.ts'
import { quantile } from './quantile.ts'
import type { Figures } from './through-gateway.ts'

const bundle = `"use strict"; var __plugin = { default: { typeDefs: '', resolvers: {
  User: { tier: (users) => users.map((user) => user.orders > 1000 ? 'GOLD' : 'SILVER') } } } }`
/** Long enough that all are active at once. */
const idleMsOf = (clients: number) => Math.max(2_000, clients * 15)
const sizes = [10, 100, 1_000]
const warmCalls = 2_000
/** What is measured is the way, not how long calls in a row wait for their client's budget. */
const limits = { ...defaultLimits, cpuMsPerSecond: 10_000 }
const facts = { viewer: { kind: 'USER', userId: 'u1', roles: ['MEMBER'] }, flags: [] } as const

/** The pool of isolates alone: a client's first call and the next ones, and what many clients cost in it. */
export async function measureIsolates(): Promise<Figures> {
  const rows: BenchRow[] = []
  const measured = { coldMs: Number.NaN, activeMb: Number.NaN, restKb: Number.NaN }
  for (const clients of sizes) {
    const idleMs = idleMsOf(clients)
    const pool = openIsolatePool({
      ...defaultPool,
      process: { ...defaultPool.process, idleMs },
      log: silentLog,
    })
    try {
      const call = caller(pool)
      await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((client) => call(`first-${client}`)))
      await pause(500)
      const before = residentOfIsolates()
      const cold: number[] = []
      for (let client = 0; client < clients; client++) cold.push(await call(`client-${client}`))
      const active = (residentOfIsolates() - before) / clients
      const warm: number[] = []
      for (let index = 0; index < warmCalls; index++) warm.push(await call(`client-${clients - 1}`))
      await pause(Math.max(idleMs * 1.5, 70_000))
      const rest = Math.max(0, ((residentOfIsolates() - before) * 1024) / clients)
      Object.assign(measured, { coldMs: quantile(cold, 0.5), activeMb: active, restKb: rest })
      rows.push({
        what: `isolates alone, ${clients} clients`,
        coldP50Ms: rounded(quantile(cold, 0.5)),
        coldP99Ms: rounded(quantile(cold, 0.99)),
        p50Ms: rounded(quantile(warm, 0.5)),
        p99Ms: rounded(quantile(warm, 0.99)),
        activeMb: rounded(active),
        restKb: rounded(rest),
      })
    } finally {
      await pool.close()
    }
  }
  const { coldMs, activeMb, restKb } = measured
  return {
    rows,
    aims: [
      aim(`ms from nothing to the first answer of an isolate, ${sizes.at(-1)} clients`, '< 5', [
        rounded(coldMs),
        (ms) => ms < 5,
      ]),
      aim('MB that an active client adds to the isolate processes', '< 2', [
        rounded(activeMb),
        (mb) => mb < 2,
      ]),
      aim('KB that a client at rest leaves there', '< 50', [rounded(restKb), (kb) => kb < 50]),
    ],
  }
}

/** One crossing for a client: how long it took, in milliseconds. */
function caller(pool: IsolatePool) {
  const run = createRunLambdas(pool)
  return async (client: string): Promise<number> => {
    const build: RunnableBuild = { client, digest: 'd', bundle, limits }
    const startedAt = performance.now()
    const [outcome] = await run(
      build,
      [{ lambda: 'User.tier', parent: [{ id: '1', orders: 1 }], args: {} }],
      {
        facts,
        ask: async () => '{}',
        repeatable: true,
      },
    )
    if (JSON.stringify(outcome) !== '[{"value":"SILVER"}]') throw new Error(JSON.stringify(outcome))
    return performance.now() - startedAt
  }
}

/** Megabytes. */
function residentOfIsolates(): number {
  return processTree(process.pid)
    .filter((pid) => commandOf(pid).includes('lambdas/isolates/main.ts'))
    .reduce((sum, pid) => sum + (residentMb(pid) ?? 0), 0)
}
