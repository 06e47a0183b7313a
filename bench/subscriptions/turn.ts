import { cpuSeconds } from '../federation/process.ts'
import { freePorts } from '../federation/set-up.ts'
import { type RunningServer, type Sockets, startServer, startSockets, type Upstreams } from './parties.ts'
import { type Subscription, subscriptions } from './scenario.ts'
import type { ServerUnderTest } from './servers.ts'

export type Setting = { server: ServerUnderTest; subscription: Subscription; sockets: number }

/** Of one turn; null where the machine does not tell. */
export type Measured = {
  /** Of the server's process with its threads, for each message delivered to a socket, in microseconds. */
  cpuUsPerMessage: number | null
  /** From the moment it was published at the subgraph until a client has it. */
  p50Ms: number
  p99Ms: number
  /** Resident, for each idle subscription with its socket. */
  kbPerSubscription: number | null
  /** Of entities, at the other subgraph. */
  fetchesPerEvent: number
  upstreamSubscriptions: number
  bytes: number
}

const warmSockets = 100
const warmEvents = 20
const fewestEvents = 2
/** On a machine that has much else to do. */
const longestMs = 20_000

/**
 * One server, fresh, with so many sockets: what is resident before and after they subscribe, and then what it costs to
 * send them events, one after the other, each once everybody has the one before.
 */
export async function takeTurn(setting: Setting, upstreams: Upstreams, cpuMs: number): Promise<Measured> {
  const [port = 0] = await freePorts(1)
  const sockets = startSockets()
  const server = await startServer(setting.server, port)
  const query = subscriptions[setting.subscription]
  const publish = setting.server.isLocal ? server.publish : upstreams.publish
  const send = async () => {
    const delivered = sockets.delivered()
    publish()
    await delivered
  }
  try {
    await warm({ sockets, send, upstreams }, { port, count: warmSockets, query })
    const before = await server.settledMb()
    await sockets.open({ port, count: setting.sockets, query })
    await settled(upstreams)
    const after = await server.settledMb()
    const fanOut = await measureFanOut({ sockets, server, upstreams, send }, cpuMs)
    return {
      ...fanOut,
      kbPerSubscription:
        before === null || after === null ? null : ((after - before) * 1024) / setting.sockets,
    }
  } finally {
    await Promise.all([server.stop(), sockets.stop()])
    await settled(upstreams)
  }
}

type Send = () => Promise<void>

/** So that code is compiled and the heap has grown before anything is measured. */
async function warm(
  { sockets, send, upstreams }: { sockets: Sockets; send: Send; upstreams: Upstreams },
  order: Parameters<Sockets['open']>[0],
): Promise<void> {
  await sockets.open(order)
  await settled(upstreams)
  for (let event = 0; event < warmEvents; event++) await send()
  await sockets.close()
  await settled(upstreams)
}

const settledWithinMs = 60_000

/** Once the number of subscriptions at the subgraph no longer changes. @throws when it changes for ever */
async function settled(upstreams: Upstreams): Promise<void> {
  const until = performance.now() + settledWithinMs
  for (let last = -1, same = 0; same < 2; ) {
    if (performance.now() > until) throw new Error('The subscriptions at the subgraph come and go.')
    const { subscriptions } = await upstreams.takeCounts()
    same = subscriptions === last ? same + 1 : 0
    last = subscriptions
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Parties = { sockets: Sockets; server: RunningServer; upstreams: Upstreams; send: Send }

async function measureFanOut({ sockets, server, upstreams, send }: Parties, cpuMs: number) {
  await sendUntilUsed(cpuMs / 2000, send, server.pid)
  sockets.reset()
  await upstreams.takeCounts()
  const { events, usedSeconds } = await sendUntilUsed(cpuMs / 1000, send, server.pid)
  const counts = await upstreams.takeCounts()
  const { messages, bytes, p50Ms, p99Ms } = await sockets.report()
  return {
    cpuUsPerMessage: usedSeconds === null ? null : (usedSeconds * 1e6) / messages,
    p50Ms,
    p99Ms,
    bytes,
    fetchesPerEvent: counts.people / events,
    upstreamSubscriptions: counts.subscriptions,
  }
}

/** A process's time is told in hundredths of a second: what is measured must take many of them. */
async function sendUntilUsed(seconds: number, send: Send, pid: number) {
  const before = cpuSeconds(pid)
  const until = performance.now() + (before === null ? seconds * 1000 : longestMs)
  let events = 0
  let usedSeconds: number | null = null
  do {
    await send()
    events += 1
    const now = cpuSeconds(pid)
    usedSeconds = before === null || now === null ? null : now - before
  } while (events < fewestEvents || ((usedSeconds ?? 0) < seconds && performance.now() < until))
  return { events, usedSeconds }
}
