import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { graphql } from 'graphql'
import { type Bench, type BenchRow, listOption, numberOption } from '../bench.ts'
import { aimsOf, cpu as cpuFigure, perSecond as perSecondFigure, ratioOf } from './aims.ts'
import type { RecordedCall } from './canned-upstreams.ts'
import type { FloorScript } from './gateways/floor.ts'
import { type GatewayUnderLoad, listGateways } from './gateways.ts'
import { type Started, startNode } from './process.ts'
import { buildMonolith } from './resolvers.ts'
import {
  type LoadGenerator,
  type Measured,
  rounded,
  spreadOf,
  startLoadGenerator,
  type Turns,
} from './rounds.ts'
import { bigQuery, oneFetchQuery } from './scenario.ts'
import {
  freePorts,
  gatewayCore,
  installPeers,
  openFolder,
  startUpstreams,
  type Upstreams,
  untilItAnswers,
  writeSupergraph,
} from './set-up.ts'
import { signToken } from './sign-token.ts'

const warmSeconds = 4

/** By the name that the floor knows them by. */
const operations: Readonly<Record<string, string>> = {
  big: JSON.stringify({ query: bigQuery }),
  'one-fetch': JSON.stringify({ query: oneFetchQuery }),
}

type Running = GatewayUnderLoad & { url(operation: string): string; pid: number; stop: Started['stop'] }

type Run = Turns & { gateway: Running; upstreamCalls: number }

type Around = { load: LoadGenerator; upstreams: Upstreams; connections: number }

/**
 * Gateways side by side over the same canned subgraphs: each alone on one core when its turn comes, load and upstreams
 * on the other. Options: `--rounds` (5), `--seconds` a turn (3), `--connections` (8), `--only` names of gateways,
 * `--semi-space` MB of V8's young generation for everybody (64).
 */
export const run: Bench = async (options) => {
  const rounds = numberOption(options, 'rounds', 5)
  const seconds = numberOption(options, 'seconds', 3)
  const connections = numberOption(options, 'connections', 8)
  // The second one ours sets itself; all have it, so that nobody is measured with another engine.
  const flags = [
    `--max-semi-space-size=${numberOption(options, 'semi-space', 64)}`,
    '--no-allocation-site-pretenuring',
  ]
  const only = listOption(options, 'only')
  await installPeers()
  const folder = await openFolder()
  const upstreams = await startUpstreams()
  const load = startLoadGenerator()
  const around = { load, upstreams, connections }
  const running: Running[] = []
  try {
    const gateways = await prepareGateways(folder.path, upstreams, flags)
    for (const gateway of gateways.filter(({ name }) => !only || only.includes(name)))
      running.push(start(gateway, flags))
    const runs: Run[] = Object.keys(operations).flatMap((operation) =>
      running.map((gateway) => ({ gateway, operation, upstreamCalls: 0, measured: [] })),
    )
    for (const each of runs) await verifyAndWarm(each, around)
    for (let round = 1; round <= rounds; round++) {
      console.error(`round ${round} of ${rounds}`)
      for (const each of runs) await takeTurn(each, around, seconds)
    }
    return { rows: runs.map((each) => rowOf(each, runs)), aims: aimsOf(runs) }
  } finally {
    await Promise.all([...running.map(({ stop }) => stop()), load.stop(), upstreams.stop()])
    await folder.close()
  }
}

/** The gateways, ready to be started: the supergraph written, and for the floor what ours would call. */
async function prepareGateways(folder: string, upstreams: Upstreams, flags: readonly string[]) {
  const ports = await freePorts(16)
  const floorFile = join(folder, 'floor.json')
  const { publicKeys, authorization } = await signToken()
  await upstreams.serveKeys(publicKeys)
  const gateways = listGateways({
    supergraphFile: await writeSupergraph(folder, upstreams.port),
    floorFile,
    upstreamPort: upstreams.port,
    jwksUrl: `http://127.0.0.1:${upstreams.port}/jwks.json`,
    authorization,
    port: (index) => ports[index] ?? 0,
  })
  const ours = gateways.find(({ name }) => name === 'ours')
  if (!ours) throw new Error('Ours is not among the gateways.')
  const { url, stop } = start(ours, flags)
  try {
    await writeFile(floorFile, JSON.stringify(await recordCalls(url, upstreams)))
  } finally {
    await stop()
  }
  return gateways
}

/** What our gateway calls for each operation, once it is warm enough to have the plan. */
async function recordCalls(url: Running['url'], upstreams: Upstreams): Promise<FloorScript> {
  const script: Record<string, FloorScript[string]> = {}
  for (const [operation, body] of Object.entries(operations)) {
    const answer = await untilItAnswers(url(operation), body)
    await upstreams.hold(true)
    await untilItAnswers(url(operation), body)
    await upstreams.hold(false)
    const { calls } = await upstreams.takeCalls()
    script[`/${operation}`] = { waves: wavesOf(calls), answer }
  }
  return script
}

/** A call belongs to a later wave than another when it began after that one had ended. */
function wavesOf(calls: readonly RecordedCall[]): RecordedCall[][] {
  const waves: RecordedCall[][] = []
  for (const call of [...calls].sort((a, b) => a.startedMs - b.startedMs)) {
    const wave = waves.at(-1)
    if (wave?.every(({ endedMs }) => endedMs > call.startedMs)) wave.push(call)
    else waves.push([call])
  }
  return waves
}

function start(gateway: GatewayUnderLoad, flags: readonly string[]): Running {
  const { args, ...rest } = gateway.start
  const { pid, stop } = startNode({ ...rest, args: [...flags, ...args], core: gatewayCore })
  return {
    ...gateway,
    pid,
    stop,
    url: (operation) => `http://127.0.0.1:${gateway.port}${gateway.path(operation)}`,
  }
}

/** What it answers is what graphql-js answers over one schema that holds everything; then it runs until it is warm. */
async function verifyAndWarm({ gateway, operation }: Run, { load, upstreams, connections }: Around) {
  const body = operations[operation] ?? ''
  const answer = await untilItAnswers(gateway.url(operation), body, gateway.headers)
  const expected = await graphql({ schema: buildMonolith(), source: JSON.parse(body).query })
  if (!isDeepStrictEqual(JSON.parse(answer), JSON.parse(JSON.stringify(expected))))
    throw new Error(
      `${gateway.name} is wrong about ${operation}: ${answer.slice(0, 2_000)} … ${answer.slice(-2_000)}`,
    )
  await load.run(orderFor({ gateway, operation }, connections, warmSeconds), gateway.pid)
  await upstreams.takeCalls()
}

async function takeTurn(each: Run, { load, upstreams, connections }: Around, seconds: number) {
  const measured = await load.run(orderFor(each, connections, seconds), each.gateway.pid)
  const { total } = await upstreams.takeCalls()
  each.measured.push(measured)
  each.upstreamCalls = total / measured.requests
}

function orderFor(
  { gateway, operation }: Pick<Run, 'gateway' | 'operation'>,
  connections: number,
  seconds: number,
) {
  const { headers, port } = gateway
  const bodies = [operations[operation] ?? '']
  return { port, path: gateway.path(operation), headers, bodies, connections, seconds }
}

function rowOf(each: Run, runs: readonly Run[]): BenchRow {
  const { gateway, operation, upstreamCalls, measured } = each
  const stock = runs.find((other) => other.operation === operation && other.gateway.name === 'stock-apollo')
  const of = (read: (each: Measured) => number | null) =>
    spreadOf(measured.map((each) => read(each) ?? Number.NaN))
  const perSecond = of((each) => each.perSecond)
  const cpu = of(({ cpuMsPerRequest }) => cpuMsPerRequest)
  return {
    operation,
    gateway: gateway.name,
    perSecond: rounded(perSecond.median),
    'min-max': `${rounded(perSecond.min)}-${rounded(perSecond.max)}`,
    cpuMs: rounded(cpu.median),
    'cpu min-max': `${rounded(cpu.min)}-${rounded(cpu.max)}`,
    p50Ms: rounded(of((each) => each.p50Ms).median),
    p99Ms: rounded(of((each) => each.p99Ms).median),
    rssMb: rounded(of((each) => each.residentMb).median),
    upstreamCalls: rounded(upstreamCalls),
    'x stock': ratioOf(each, stock, perSecondFigure),
    'x stock by CPU': ratioOf(stock, each, cpuFigure),
  }
}
