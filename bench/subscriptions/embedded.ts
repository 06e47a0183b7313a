import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import { Client as PostgresClient } from 'pg'
import { callGraphQL } from '../../foundation/call-graphql.ts'
import { findClusterFolder } from '../../launch/cluster-folder.ts'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { startPlatform, type TestPlatform } from '../../test/support/platform.ts'
import type { Aim, BenchRow } from '../bench.ts'
import { rounded, spreadOf } from '../federation/rounds.ts'
import { aim } from './figures.ts'

export type CommitToClient = { rows: BenchRow[]; aims: Aim[] }

/** Of one round. */
type Measured = { sinceCommit: Quantiles; sinceSent: Quantiles; answered: Quantiles }
type Quantiles = { p50: number; p99: number }

type Created = { createRecord: { id: string } }
type Sample = { id: string; sentAt: number; answeredAt: number }

/** When a subscriber heard of each record. */
type Changes = { count(): number; arrival(id: string): Promise<number> }

const warmMutations = 50
const mutations = 150
/** Between mutations, up to so many milliseconds: whatever looks at the clock is met at any moment of its round. */
const longestPauseMs = 40

const create = 'mutation { createRecord(collection: "orders", data: { total: 1, status: "open" }) { id } }'
const follow = 'subscription { recordChanged(collection: "orders") { cursor type record { id data } } }'

/**
 * The whole platform as `npm start` runs it, on the embedded database and the bus on it: a record is created, and a
 * subscriber hears of it. The database is told to remember when it committed what.
 */
export async function measureCommitToClient(rounds: number): Promise<CommitToClient> {
  const folder = await mkdtemp(join(tmpdir(), 'trellis-bench-'))
  const postgres = await startPostgres(folder)
  try {
    await using platform = await startPlatform({
      dataDirectory: folder,
      env: { DATABASE_URL: postgres.url, TRELLIS_DEMO: '1' },
    })
    const databaseUrl = Object.assign(new URL(postgres.url), { pathname: '/data' }).href
    const measured = await followMutations(platform, databaseUrl, rounds)
    await platform.stop()
    const p50 = rounded(spreadOf(measured.map(({ sinceCommit }) => sinceCommit.p50)).median)
    return {
      rows: [
        rowOf('from the commit to the subscriber', measured, ({ sinceCommit }) => sinceCommit),
        rowOf('from sending the mutation to the subscriber', measured, ({ sinceSent }) => sinceSent),
        rowOf('from sending the mutation to its answer', measured, ({ answered }) => answered),
      ],
      aims: [aim('ms from commit to client on the embedded bus, p50', '< 15', [p50, (is) => is < 15])],
    }
  } finally {
    await postgres.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The embedded one, which keeps the time of each commit. */
async function startPostgres(folder: string) {
  const options = { ...(await findClusterFolder(folder)), password: crypto.randomUUID() }
  const first = await startEmbeddedPostgres(options)
  await query(first.url, 'ALTER SYSTEM SET track_commit_timestamp = on')
  await first.close()
  return startEmbeddedPostgres(options)
}

async function query<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const client = new PostgresClient({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<Row>(statement)
  await client.end()
  return rows
}

async function followMutations(
  { endpoint, demo }: TestPlatform,
  databaseUrl: string,
  rounds: number,
): Promise<Measured[]> {
  const apiKey = demo.clients.acme?.secretKey
  if (!apiKey) throw new Error('The platform has no demo client.')
  const client = createClient({ url: endpoint.replace('http', 'ws'), connectionParams: { apiKey } })
  const changes = followChanges(client)
  const createOne = async (): Promise<Sample> => {
    const sentAt = now()
    const data = await callGraphQL<Created>(endpoint, { document: create, credentials: { apiKey } })
    const answeredAt = now()
    await pause(Math.random() * longestPauseMs)
    return { id: data.createRecord.id, sentAt, answeredAt }
  }
  const roundsTaken: Sample[][] = []
  try {
    // A subscription does not say when it has begun.
    while (changes.count() === 0) await createOne()
    for (let index = 0; index < warmMutations; index++) await createOne()
    for (let round = 0; round < rounds; round++) {
      const samples: Sample[] = []
      for (let index = 0; index < mutations; index++) samples.push(await createOne())
      roundsTaken.push(samples)
    }
    const commits = await readCommits(databaseUrl)
    return await Promise.all(roundsTaken.map((samples) => measureRound(samples, commits, changes)))
  } finally {
    await client.dispose()
  }
}

async function measureRound(
  samples: readonly Sample[],
  commits: ReadonlyMap<string, number>,
  changes: Changes,
): Promise<Measured> {
  const arrived = await Promise.all(
    samples.map(async (sample) => ({ ...sample, arrivedAt: await changes.arrival(sample.id) })),
  )
  return {
    sinceSent: quantiles(arrived.map(({ sentAt, arrivedAt }) => arrivedAt - sentAt)),
    sinceCommit: quantiles(arrived.map(({ id, arrivedAt }) => arrivedAt - (commits.get(id) ?? Number.NaN))),
    answered: quantiles(arrived.map(({ sentAt, answeredAt }) => answeredAt - sentAt)),
  }
}

/** When each record was committed, on the clock of the machine. Its row is the transaction's that made it. */
async function readCommits(databaseUrl: string): Promise<ReadonlyMap<string, number>> {
  const rows = await query<{ id: string; at: number }>(
    databaseUrl,
    'SELECT id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000)::float8 AS at FROM record',
  )
  return new Map(rows.map(({ id, at }) => [id, at]))
}

/** Milliseconds since the epoch, with their fractions, as the database tells the time. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

function followChanges(client: Client): Changes {
  const arrivals = new Map<string, PromiseWithResolvers<number>>()
  let arrived = 0
  const of = (id: string) => {
    const known = arrivals.get(id) ?? Promise.withResolvers<number>()
    arrivals.set(id, known)
    return known
  }
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => undefined)
  client.subscribe<{ recordChanged: { record: { id: string } } }>(
    { query: follow },
    {
      next({ data, errors }) {
        if (!data) return failed.reject(new Error(JSON.stringify(errors)))
        arrived += 1
        of(data.recordChanged.record.id).resolve(now())
      },
      error: (error) => failed.reject(error),
      complete: () => undefined,
    },
  )
  return {
    count: () => arrived,
    arrival: (id) => Promise.race([of(id).promise, failed.promise]),
  }
}

function rowOf(what: string, measured: readonly Measured[], read: (each: Measured) => Quantiles): BenchRow {
  const p50 = spreadOf(measured.map((each) => read(each).p50))
  const p99 = spreadOf(measured.map((each) => read(each).p99))
  return {
    subscription: what,
    p50Ms: rounded(p50.median),
    'p50Ms min-max': `${rounded(p50.min)}-${rounded(p50.max)}`,
    p99Ms: rounded(p99.median),
    'p99Ms min-max': `${rounded(p99.min)}-${rounded(p99.max)}`,
  }
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}
