import { EventEmitter, once } from 'node:events'
import { GraphQLError } from 'graphql'
import { parseSubgraph } from '../../federation/compose.ts'
import { type RunningSubgraph, startSubgraph } from '../../federation/start-subgraph.ts'

export const logSdl = `type Query { latest: Int }
  type Subscription { changed(kind: String, after: String): Change  plain: Change }
  type Change @key(fields: "id") { id: ID! cursor: String! n: Int text: String }`

/** A module with a log of its own, in memory, and as many instances of it as wanted; what happens is the test's doing. */
export type LogModule = {
  sdl: string
  /** The address of an instance that is there, each in its turn. */
  endpoint(): string | undefined
  /** How often it was asked for. */
  searches(): number
  append(...numbers: number[]): void
  /** Entries up to this number are gone. */
  forgetTo(n: number): void
  /** What was asked of all instances: each `after`, oldest first. */
  asked: (string | null)[]
  /** Subscriptions open on all instances. */
  open(): number
  instances: RunningSubgraph[]
  startInstance(): Promise<RunningSubgraph>
  /** Ends all subscriptions as a module does that closes in an orderly way. */
  complete(): void
  close(): Promise<void>
}

export function createLogModule(): LogModule {
  const entries: number[] = []
  const bell = new EventEmitter().setMaxListeners(0)
  const asked: (string | null)[] = []
  const instances: RunningSubgraph[] = []
  const living = new Set<RunningSubgraph>()
  let forgotten = 0
  let open = 0
  let turn = 0
  let completions = 0

  function tail(after: string | null) {
    const born = completions
    let position = after === null ? (entries.at(-1) ?? 0) : Number(after)
    let isLeft = false
    open += 1
    const done = { done: true as const, value: undefined }
    const leave = async () => {
      if (!isLeft) open -= 1
      isLeft = true
      bell.emit('change')
      return done
    }
    return {
      async next() {
        for (;;) {
          if (isLeft) return done
          if (born !== completions) return leave()
          const next = firstAfter(entries, position)
          if (next !== undefined) {
            position = next
            return { done: false, value: { changed: { id: `c${next}`, cursor: String(next), n: next } } }
          }
          await once(bell, 'change')
        }
      },
      return: leave,
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
  const resolvers = {
    // Enough to fill what is between a gateway and a client that does not read.
    Change: { text: () => 'x'.repeat(4_000) },
    Subscription: {
      changed: {
        subscribe(_root: unknown, { after = null }: { after?: string | null }) {
          asked.push(after)
          if (after !== null && Number(after) < forgotten) {
            throw new GraphQLError('Too old.', { extensions: { code: 'CURSOR_EXPIRED' } })
          }
          return tail(after)
        },
      },
    },
  }

  return {
    sdl: logSdl,
    searches: () => turn,
    endpoint() {
      turn += 1
      return [...living][turn % living.size]?.url
    },
    append(...numbers) {
      entries.push(...numbers)
      bell.emit('change')
    },
    forgetTo(n) {
      forgotten = n
      while (entries[0] !== undefined && entries[0] <= n) entries.shift()
    },
    asked,
    open: () => open,
    instances,
    async startInstance() {
      const started = await startSubgraph(parseSubgraph(logSdl), resolvers)
      const instance = {
        ...started,
        async kill() {
          living.delete(instance)
          await started.kill()
          // The generators of a process that was killed are gone with it.
          bell.emit('change')
        },
      }
      living.add(instance)
      instances.push(instance)
      return instance
    },
    complete() {
      completions += 1
      bell.emit('change')
    },
    async close() {
      completions += 1
      bell.emit('change')
      await Promise.all([...living].map((instance) => instance.kill()))
    },
  }
}

/** Entries are in order; there may be very many. */
function firstAfter(entries: readonly number[], position: number): number | undefined {
  let from = 0
  let to = entries.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((entries[middle] ?? 0) > position) to = middle
    else from = middle + 1
  }
  return entries[from]
}
