import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/graphql.ts'
import { type BusKind, type Fleet, startFleet, type Topology } from './fleet.ts'
import { type Acknowledged, type Change, type Fault, hasAll, judgeGroup, judgeWatcher } from './model.ts'
import { startNemesis } from './nemesis.ts'
import { createRandom } from './random.ts'
import { type Temper, type Watcher, watch } from './watcher.ts'
import { collection, write } from './writers.ts'

export type DeliveryOptions = {
  /** Where everything is kept: data, logs. Must exist. */
  folder: string
  seed: number
  /** How long faults happen. */
  seconds: number
  bus: BusKind
  topology: Topology
  /** Hears, now and then, how far it is. */
  report?: (line: string) => void
}

export type Verdict = {
  faults: Fault[]
  /** What was done to the servers. */
  deeds: string[]
  acknowledged: number
  /** Deliveries to the group beyond the first of each event. */
  redelivered: number
  watchers: Pick<Watcher, 'name' | 'counts' | 'codes'>[]
}

const tempers: Temper[] = ['steady', 'steady', 'on the move', 'on the move', 'slow']
const writerCount = 4
const settlesWithinMs = 120_000

/** Writes and watches while the servers fail, lets everything settle, and compares what was seen with what was acknowledged. */
export async function runDelivery(options: DeliveryOptions): Promise<Verdict> {
  const { folder, seed, seconds, bus, topology, report = () => undefined } = options
  const random = createRandom(seed)
  const seeded = () => createRandom(random.between(0, 2 ** 31))
  const fleet = await startFleet(folder, bus, topology)
  const watching = new AbortController()
  try {
    const headers = { 'x-api-key': fleet.client.secretKey }
    await defineCollection(fleet, headers)
    const connectionParams = { apiKey: fleet.client.secretKey }
    const watchers = tempers.map((temper, index) =>
      watch({
        ...{ name: `watcher ${index + 1}`, temper, endpoints: fleet.endpoints, connectionParams },
        ...{ random: seeded(), signal: watching.signal },
      }),
    )
    const acknowledged: Acknowledged = new Map()
    await untilAllWatch(fleet, headers, watchers, acknowledged)

    const writing = new AbortController()
    const writers = Array.from({ length: writerCount }, (_, index) =>
      write({
        ...{ name: `writer-${index + 1}`, endpoints: fleet.endpoints, headers },
        ...{ random: seeded(), acknowledged, signal: writing.signal },
      }),
    )
    report('the platform serves, everybody watches')
    const nemesis = startNemesis(fleet.servers, seeded(), AbortSignal.timeout(seconds * 1_000))
    await Promise.race([nemesis.ended, ...writers])
    report(`${nemesis.deeds.length} faults done`)
    writing.abort()
    await nemesis.ended
    report('every server runs again')
    await Promise.all(writers)
    report('every change is acknowledged')
    const settled = await settle(fleet, watchers, acknowledged)
    return { ...settled, deeds: nemesis.deeds }
  } finally {
    watching.abort()
    await fleet.end()
  }
}

async function defineCollection({ endpoints }: Fleet, headers: Record<string, string>): Promise<void> {
  const [endpoint = ''] = endpoints
  const query = `mutation ($name: String!) { defineCollection(name: $name, schema: {}, access: WRITE) { name } }`
  const { data } = await post(endpoint, headers, { query, variables: { name: collection } })
  if (!data?.defineCollection) throw new Error('The collection could not be defined.')
}

/** Who subscribes without a cursor sees what happens from then on: each has seen something before it counts. */
async function untilAllWatch(
  { endpoints }: Fleet,
  headers: Record<string, string>,
  watchers: readonly Watcher[],
  acknowledged: Acknowledged,
): Promise<void> {
  const [endpoint = ''] = endpoints
  const query = `mutation ($name: String!) { createRecord(collection: $name, data: {}) { id } }`
  await eventually(
    'everybody watches',
    async () => {
      const { data } = await post<{ createRecord: { id: string } }>(endpoint, headers, {
        ...{ query, variables: { name: collection } },
      })
      await pause(200)
      const seen = watchers.every((watcher) => watcher.seen.length > 0)
      if (seen && data) acknowledged.set(data.createRecord.id, 1)
      return seen
    },
    60_000,
  )
}

async function settle(
  fleet: Fleet,
  watchers: readonly Watcher[],
  acknowledged: Acknowledged,
): Promise<Omit<Verdict, 'deeds'>> {
  const delivered = () => readDeliveries(fleet.deliveries)
  await eventually(
    'everybody has seen everything',
    () => watchers.every(({ seen }) => hasAll(seen, acknowledged)) && hasAll(delivered(), acknowledged),
    settlesWithinMs,
  ).catch(() => undefined) // The verdict says who has not.
  await pause(1_000) // What comes twice comes late.
  const group = delivered()
  const distinct = new Set(group.map(({ record, version }) => `${record} ${version}`))
  return {
    faults: [
      ...watchers.flatMap(({ name, seen }) => judgeWatcher(name, seen, acknowledged)),
      ...judgeGroup('consumer group', group, acknowledged),
    ],
    acknowledged: [...acknowledged.values()].reduce((sum, version) => sum + version, 0),
    redelivered: group.length - distinct.size,
    watchers: watchers.map(({ name, counts, codes }) => ({ name, counts, codes })),
  }
}

function readDeliveries(file: string): Change[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => {
    const [record = '', version] = line.split(' ')
    return { record, version: Number(version) }
  })
}

/** For people: what was found, and the seed that does it again. */
export function describeVerdict({ seed, bus, topology, seconds }: DeliveryOptions, verdict: Verdict): string {
  const watchers = verdict.watchers.map(
    ({ name, counts, codes }) =>
      `  ${name}: connected ${counts.connected} times, went back for ${counts.lagged} events, ended by ${JSON.stringify(Object.fromEntries(codes))}`,
  )
  return [
    `seed ${seed}, ${bus}, ${topology}, ${seconds} s: ${verdict.acknowledged} changes acknowledged, ${verdict.deeds.length} faults done`,
    `  redelivered to the group: ${verdict.redelivered}; wrong: ${verdict.faults.length}`,
    ...watchers,
    ...verdict.faults.slice(0, 20).map((fault) => `  WRONG ${JSON.stringify(fault)}`),
  ].join('\n')
}
