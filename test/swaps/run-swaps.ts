import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/graphql.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { keyOf, signIn } from '../support/story.ts'
import { startListener, startShortListener, startWriter, type Watched } from './events.ts'
import { startLoad } from './load.ts'
import { calmOperations, swappedOperations } from './operations.ts'
import type { Served } from './release.ts'
import { createSwaps } from './swaps.ts'
import { createTimeline } from './timeline.ts'

export type SwapRun = {
  /** For the platform's data. */
  folder: string
  swaps: number
  /** Of each client, over HTTP. */
  connections: number
  report(line: string): void
}

export type SwapVerdict = {
  /** Empty: nothing failed, was mixed up, ended, lost or doubled. */
  faults: string[]
  operations: number
  events: number
  /** Subscriptions that ended because they were no longer valid. */
  invalidated: number
  slowestSwapMs: number
  medianSwapMs: number
  heapMb: { before: Heap; after: Heap }
}

/** After a collection. In megabytes; `code`: what of it the engine has compiled. */
export type Heap = { whole: number; code: number }

const tellsHeap = ['--expose-gc', '--import', join(import.meta.dirname, 'tell-heap.ts')]

/**
 * Two clients under load, with live subscriptions; one of them is swapped all the time. What was answered, and what was
 * seen, is compared with what was served.
 */
export async function runSwaps({ folder, swaps, connections, report }: SwapRun): Promise<SwapVerdict> {
  await using platform = await startPlatform({ dataDirectory: folder, nodeArgs: tellsHeap })
  const { endpoint } = platform
  const timeline = createTimeline<Served>({ release: 0, hasNotifications: true })
  const { swapOnce, generationOf } = createSwaps(platform, timeline)
  for (let warmUp = 0; warmUp < 4; warmUp += 1) await swapOnce()
  await post(endpoint, keyOf(platform, 'globex'), { query: '{ __typename }' })
  const calmBefore = await generationOf('globex')

  const acme = await ordersOf(platform)
  const globex = await articlesOf(platform)
  const loads = [
    { client: 'acme', operations: swappedOperations },
    { client: 'globex', operations: calmOperations },
  ].map(({ client, operations }) =>
    startLoad({ endpoint, headers: keyOf(platform, client), operations, connections, since: timeline.since }),
  )
  const writers = [acme, globex].map(startWriter)
  const listeners = [
    startListener(acme, 'acme'),
    startListener({ ...acme, person: 'release name' }, 'acme, with the plugin'),
    startListener(globex, 'globex'),
  ]
  const short = startShortListener(acme, 'oddRelease')
  const faults: string[] = []
  const times: number[] = []
  let written: number[] = []
  let before: Heap = { whole: 0, code: 0 }
  try {
    await eventually('all have seen an event', () => listeners.every(({ seen }) => seen() > 0), 30_000)
    before = await heapOf(platform)
    for (let n = 1; n <= swaps; n += 1) {
      times.push(await swapOnce())
      if (n % 10 === 0) {
        const { whole, code } = await heapOf(platform)
        const p99s = loads.map(({ p99 }) => p99()).join(' and ')
        report(`${n} swaps, p99 ${p99s} ms, ${whole} MB of which ${code} are code`)
      }
    }
    await Promise.all(writers.map(({ stop }) => stop()))
    written = [writers[0], writers[0], writers[1]].map((writer) => writer?.written() ?? 0)
    await eventually(
      'every event is there',
      () => listeners.every(({ seen }, index) => seen() >= (written[index] ?? 0)),
      20_000,
    )
    const calmAfter = await generationOf('globex')
    if (calmAfter !== calmBefore) faults.push(`globex was swapped: ${calmBefore}, then ${calmAfter}`)
  } catch (error) {
    faults.push(`broken off: ${error}; seen ${listeners.map(({ seen }) => seen())} of ${written}`)
  }
  const stopped = await Promise.all([...loads, ...writers].map(({ stop }) => stop()))
  await Promise.all([...listeners, short].map(({ close }) => close()))
  faults.push(...stopped.flat(), ...[...listeners, short].flatMap(({ verdict }) => verdict()))
  const after = await heapOf(platform)
  await platform.stop()
  const sorted = [...times].sort((one, other) => one - other)
  return {
    faults,
    operations: loads.reduce((sum, { answered }) => sum + answered(), 0),
    events: written.reduce((sum, count) => sum + count, 0),
    invalidated: short.endings(),
    slowestSwapMs: Math.round(sorted.at(-1) ?? 0),
    medianSwapMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    heapMb: { before, after },
  }
}

async function ordersOf(platform: TestPlatform): Promise<Watched> {
  const { headers } = await signIn(platform, 'acme', 'MEMBER')
  return {
    endpoint: platform.endpoint,
    headers,
    collection: 'orders',
    recordOf: (number) => ({ total: number, status: 'open' }),
    numberOf: ({ total }) => Number(total),
    person: 'id name',
  }
}

async function articlesOf(platform: TestPlatform): Promise<Watched> {
  const { headers } = await signIn(platform, 'globex', 'ADMIN')
  return {
    endpoint: platform.endpoint,
    headers,
    collection: 'articles',
    recordOf: (number) => ({ title: String(number), body: 'An article of the test of swaps, long enough.' }),
    numberOf: ({ title }) => Number(title),
    person: 'id name',
  }
}

/** What the process of the gateway and the modules holds. */
async function heapOf({ launcher, output }: TestPlatform): Promise<Heap> {
  const told = () => [...output().matchAll(/^Heap: (\d+), of which code: (\d+)$/gm)]
  const before = told().length
  launcher.kill('SIGUSR2')
  await eventually('it has said so', () => told().length > before)
  const [, whole, code] = told().at(-1) ?? []
  return { whole: toMb(whole), code: toMb(code) }
}

function toMb(bytes: string | undefined): number {
  return Math.round(Number(bytes) / 1024 / 1024)
}
