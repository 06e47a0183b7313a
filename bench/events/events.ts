import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { Client } from 'pg'
import type { Bus } from '../../events/bus/bus.ts'
import { openBus } from '../../events/bus/open-bus.ts'
import { createEventCatalogue } from '../../events/catalogue/event-catalogue.ts'
import type { PlatformEvent } from '../../events/catalogue/platform-event.ts'
import { openModuleLog } from '../../events/log/module-log.ts'
import { silentLog } from '../../foundation/log.ts'
import { findClusterFolder } from '../../launch/cluster-folder.ts'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { type Prisma, PrismaClient } from '../../prisma/generated/bus/client.ts'
import { hasRedis, startTestRedis } from '../../test/support/redis-server.ts'
import { type Bench, type BenchRow, numberOption } from '../bench.ts'

const type = 'bench.thing.changed'
const catalogue = await createEventCatalogue([
  { type, version: 1, schema: { title: type, description: type, type: 'object' } },
])

type Fleet = { handled(): number; latenciesMs(): number[]; close(): Promise<void> }

/**
 * Events per second from a mutation's transaction to the handler of a consumer group, through each adapter, with 1, 2
 * and 4 consumers, each a process. The handler waits 1 ms, as one that writes to a database does: what grows with the
 * consumers is that.
 *
 * Options: `--events 4000` of each run, `--writers 32` mutations at once, `--work 1` ms of the handler.
 */
export const run: Bench = async (options) => {
  const sizes = {
    events: numberOption(options, 'events', 4_000),
    writers: numberOption(options, 'writers', 32),
    workMs: numberOption(options, 'work', 1),
  }
  const folder = await mkdtemp(join(tmpdir(), 'trellis-bench-events-'))
  const postgres = await startEmbeddedPostgres({
    ...(await findClusterFolder(folder)),
    password: crypto.randomUUID(),
  })
  const redis = hasRedis ? await startTestRedis() : null
  const rows: BenchRow[] = []
  try {
    for (const consumers of [1, 2, 4]) {
      const log = await createDatabase(postgres.url, `log_${consumers}`)
      const bus = await createDatabase(postgres.url, `bus_${consumers}`)
      rows.push({ adapter: 'PostgreSQL', ...(await measure({ log, bus, consumers, ...sizes })) })
      if (!redis) continue
      const other = await createDatabase(postgres.url, `log_redis_${consumers}`)
      rows.push({ adapter: 'Redis', ...(await measure({ log: other, bus: redis.url, consumers, ...sizes })) })
    }
  } finally {
    await redis?.close()
    await postgres.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { rows, aims: [] }
}

type Measurement = {
  log: string
  bus: string
  consumers: number
  events: number
  writers: number
  workMs: number
}

async function measure({
  log,
  bus: busUrl,
  consumers,
  events,
  writers,
  workMs,
}: Measurement): Promise<BenchRow> {
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: log, max: 16 }) })
  const bus = await openBus({ url: busUrl, log: silentLog })
  const fleet = await startConsumers(busUrl, consumers, workMs)
  const module = await openModuleLog<Prisma.TransactionClient>({
    db,
    databaseUrl: log,
    source: 'bench',
    bus,
    catalogue,
    log: silentLog,
  })
  const begun = performance.now()
  let next = 0
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (let index = next++; index < events; index = next++) {
        const id = crypto.randomUUID()
        await module.transaction((_tx, append) =>
          append({
            type,
            subject: `thing-${index % 1_000}`,
            client: 'acme',
            actor: null,
            traceparent: null,
            data: { id, at: Date.now() },
          }),
        )
      }
    }),
  )
  const writtenMs = performance.now() - begun
  await handledAll(fleet, events)
  const handledMs = performance.now() - begun
  const latencies = fleet.latenciesMs().sort((a, b) => a - b)
  const backlogMs = await handleBacklog(bus, fleet, events)
  await module.close()
  await fleet.close()
  await bus.close()
  await db.$disconnect()
  return {
    consumers,
    'mutations/s': Math.round((events / writtenMs) * 1_000),
    'events/s to consumer': Math.round((events / handledMs) * 1_000),
    'events/s of a backlog': Math.round((events / backlogMs) * 1_000),
    'p50 ms': percentile(latencies, 0.5),
    'p99 ms': percentile(latencies, 0.99),
  }
}

/** Without mutations: what the bus and its consumers carry by themselves. */
async function handleBacklog(bus: Bus, fleet: Fleet, count: number): Promise<number> {
  const goal = fleet.handled() + count
  const events = Array.from(
    { length: count },
    (_, index): PlatformEvent => ({
      id: crypto.randomUUID(),
      source: 'bench',
      type,
      subject: `thing-${index % 1_000}`,
      client: 'acme',
      actor: null,
      time: new Date().toISOString(),
      traceparent: null,
      dataVersion: 1,
      data: { at: Date.now() },
    }),
  )
  const begun = performance.now()
  for (let start = 0; start < count; start += 200) await bus.publish(events.slice(start, start + 200))
  await handledAll(fleet, goal)
  return performance.now() - begun
}

async function handledAll(fleet: Fleet, goal: number): Promise<void> {
  while (fleet.handled() < goal) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function startConsumers(busUrl: string, count: number, workMs: number): Promise<Fleet> {
  const script = new URL('./consumer.ts', import.meta.url)
  const children: ChildProcess[] = []
  const latencies: number[] = []
  for (let index = 0; index < count; index++) {
    const child = fork(script, [busUrl, String(workMs)])
    children.push(child)
    await new Promise((resolve) => child.once('message', resolve))
    child.on('message', (batch: number[]) => latencies.push(...batch))
  }
  // All of them have their share.
  await new Promise((resolve) => setTimeout(resolve, count === 1 ? 500 : 3_000))
  return {
    handled: () => latencies.length,
    latenciesMs: () => [...latencies],
    async close() {
      await Promise.all(
        children.map((child) => {
          const ended = new Promise((resolve) => child.once('exit', resolve))
          child.kill('SIGKILL')
          return ended
        }),
      )
    },
  }
}

async function createDatabase(server: string, name: string): Promise<string> {
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await query(server, `CREATE DATABASE ${name}`)
  if (name.startsWith('log')) {
    for (const file of ['event-log.sql', 'event-log-retention.sql']) {
      await query(url, await readFile(new URL(`../../prisma/${file}`, import.meta.url), 'utf8'))
    }
  }
  return url
}

async function query(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.floor(sorted.length * share)] ?? null
}
