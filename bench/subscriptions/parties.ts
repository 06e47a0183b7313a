import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { residentMb, type Started, startNode } from '../federation/process.ts'
import { gatewayCore, otherCore, untilItAnswers } from '../federation/set-up.ts'
import type { ServerUnderTest } from './servers.ts'
import type { SocketsOrder, SocketsReport } from './sockets.ts'
import type { UpstreamCounts } from './upstreams.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const patienceMs = 120_000

export type Upstreams = {
  port: number
  publish(): void
  /** What was asked since this was last called. */
  takeCounts(): Promise<UpstreamCounts>
  stop: Started['stop']
}

export async function startUpstreams(): Promise<Upstreams> {
  const { child, stop } = startNode({ args: [here('upstreams.ts')], core: otherCore })
  const { port } = await messageOf<{ port: number }>(child)
  return {
    port,
    publish: () => child.send('publish'),
    takeCounts: () => answerTo(child, 'counts'),
    stop,
  }
}

export type Sockets = {
  open(order: { port: number; count: number; query: string }): Promise<void>
  /** Once all of them have the next event. */
  delivered(): Promise<void>
  reset(): void
  report(): Promise<SocketsReport>
  close(): Promise<void>
  stop: Started['stop']
}

export function startSockets(): Sockets {
  const { child, stop } = startNode({ args: [here('sockets.ts')], core: otherCore })
  const ask = <Answer extends object>(order: SocketsOrder) => answerTo<Answer>(child, order)
  return {
    async open(order) {
      await ask({ kind: 'open', ...order })
    },
    async delivered() {
      await messageOf(child)
    },
    reset: () => child.send({ kind: 'reset' } satisfies SocketsOrder),
    report: () => ask({ kind: 'report' }),
    async close() {
      await ask({ kind: 'close' })
    },
    stop,
  }
}

export type RunningServer = {
  pid: number
  /** Resident after a full collection. */
  settledMb(): Promise<number | null>
  /** Only of a server with data of its own. */
  publish(): void
  stop: Started['stop']
}

export async function startServer(server: ServerUnderTest, port: number): Promise<RunningServer> {
  const { args, ...rest } = server.start(port)
  const collect = ['--expose-gc', '--import', here('collect-garbage.ts')]
  const { child, pid, stop } = startNode({ ...rest, args: [...collect, ...args], core: gatewayCore })
  await untilItAnswers(`http://127.0.0.1:${port}/graphql`, JSON.stringify({ query: '{ __typename }' }))
  return {
    pid,
    async settledMb() {
      await answerTo(child, 'collect')
      return residentMb(pid)
    },
    publish: () => child.send('publish'),
    stop,
  }
}

async function answerTo<Answer>(child: ChildProcess, order: SocketsOrder | string): Promise<Answer> {
  const answer = messageOf<Answer>(child)
  child.send(order)
  return answer
}

/** @throws at once when the process has ended, whose last words nobody may have been there to hear */
async function messageOf<Message>(child: ChildProcess): Promise<Message> {
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child)
  const waiting = new AbortController()
  const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(patienceMs)])
  const exit = once(child, 'exit', { signal }).then(() => {
    throw ended(child)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), exit])
    if (message.error !== undefined) throw new Error(message.error)
    return message
  } finally {
    exit.catch(() => undefined)
    waiting.abort()
  }
}

function ended({ spawnargs, exitCode, signalCode }: ChildProcess): Error {
  return new Error(`${spawnargs.join(' ')} has ended: ${exitCode ?? signalCode}.`)
}
