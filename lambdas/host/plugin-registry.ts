import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type {
  PluginLimits,
  PluginOfClient,
  PluginRegistry as RegistryAnswer,
} from '../../schema/plugin-registry.ts'

/** What the gateway's registry says of one client's plugin. */
export type ClientPlugin = Omit<PluginOfClient, 'client'>

/** The host's copy of the registry. Changes are here within moments; while the gateway is away, the last state holds. */
export type PluginRegistry = {
  /** Of a client that has no plugin: no release, no grants. */
  pluginOf(client: string): ClientPlugin
  /** Resolves once the registry was read for the first time; rejects with the signal's reason. */
  known(signal: AbortSignal): Promise<void>
  /**
   * Resolves once what is known is what the gateway knew at that time of `performance.now()`, or later.
   *
   * @throws while the gateway cannot be asked
   */
  asOf(time: number): Promise<void>
  /** Called after each change; returns how to leave. Must not throw. */
  onChange(listener: () => void): () => void
  close: Close
}

export type PluginRegistryOptions = {
  gatewayUrl: string
  /** The module credential of `lambdas`. */
  credential: string
  log: Log
}

const limitNames = [
  'memoryMb',
  'cpuMs',
  'cpuMsPerSecond',
  'wallMs',
  'handlerWallMs',
  'payloadChars',
  'hostCalls',
  'depth',
  'logChars',
  'bundleChars',
  'sdlChars',
] as const satisfies readonly (keyof PluginLimits)[]

const pluginOfClient = z.object({
  client: z.string(),
  active: z
    .object({ number: z.number().int(), digest: z.string(), handlers: z.array(z.string()) })
    .nullable(),
  grants: z.object({ scopes: z.array(z.string()), egress: z.array(z.string()) }),
  limits: z.partialRecord(z.enum(limitNames), z.number()),
  flags: z.array(z.object({ name: z.string(), enabled: z.boolean(), percent: z.number().nullable() })),
})

const answerSchema: z.ZodType<RegistryAnswer> = z.object({
  revision: z.number(),
  clients: z.array(pluginOfClient),
})

const nothing: ClientPlugin = { active: null, grants: { scopes: [], egress: [] }, limits: {}, flags: [] }

/** The gateway answers a long poll after 25 s at the latest. */
const answersWithinMs = 40_000
const firstRetryMs = 100
const slowestRetryMs = 2_000

/** Follows `GET <gateway>/registry/plugins` by long polls, for as long as it is open. */
export function openPluginRegistry({ gatewayUrl, credential, log }: PluginRegistryOptions): PluginRegistry {
  let plugins: ReadonlyMap<string, ClientPlugin> = new Map()
  const first = Promise.withResolvers<void>()
  const listeners = new Set<() => void>()
  const closing = new AbortController()

  let revision: number | null = null
  let answeredAt = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | null = null

  async function ask(after: number | null): Promise<RegistryAnswer> {
    const url = new URL('/registry/plugins', gatewayUrl)
    if (after !== null) url.searchParams.set('after', String(after))
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${credential}` },
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(answersWithinMs)]),
    })
    if (!response.ok) throw new Error(`The gateway answered ${response.status} to the lambda host.`)
    return answerSchema.parse(await response.json())
  }

  function learn(answer: RegistryAnswer): void {
    answeredAt = performance.now()
    if (answer.revision === revision) return
    revision = answer.revision
    plugins = new Map(answer.clients.map(({ client, ...plugin }) => [client, plugin]))
    first.resolve()
    for (const listener of listeners) listener()
  }

  /** Whoever follows may have heard of more meanwhile. */
  async function askNow(): Promise<void> {
    const answer = await ask(null)
    if (revision === null || answer.revision >= revision) learn(answer)
  }

  async function follow(): Promise<void> {
    let retryMs = firstRetryMs
    while (!closing.signal.aborted) {
      try {
        learn(await ask(revision))
        retryMs = firstRetryMs
      } catch (error) {
        if (closing.signal.aborted) return
        log.debug({ err: error, retryMs }, 'the registry of plugins could not be read; the last state holds')
        await delay(retryMs, undefined, { signal: closing.signal }).catch(() => undefined)
        retryMs = Math.min(retryMs * 2, slowestRetryMs)
      }
    }
  }
  const following = follow()

  return {
    pluginOf: (client) => plugins.get(client) ?? nothing,
    async known(signal) {
      const ended = Promise.withResolvers<never>()
      const end = () => ended.reject(signal.reason)
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      await Promise.race([first.promise, ended.promise]).finally(() =>
        signal.removeEventListener('abort', end),
      )
    },
    async asOf(time) {
      if (answeredAt >= time) return
      asking ??= askNow().finally(() => {
        asking = null
      })
      await asking
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      closing.abort()
      await following
    },
  }
}
