import { setTimeout as pause } from 'node:timers/promises'
import { callGraphQL } from './demo/call-graphql.ts'
import { StartError } from './start-error.ts'

const withinMs = 60_000
const lookEveryMs = 20

/** Fields that each core module brings: all of them in a client's schema, all modules have joined. */
const landmarks = {
  Query: ['users', 'records', 'series', 'notifications'],
  User: ['activity', 'unreadCount'],
}

type Introspection = Record<keyof typeof landmarks, { fields: { name: string }[] } | null>

export type WaitOptions = {
  /** The gateway. */
  url: string
  /** Of clients that have all core modules; without any, the gateway's own word is enough. */
  secretKeys: readonly string[]
  signal: AbortSignal
}

/** @throws {StartError} when the gateway is not ready, or a client's schema still incomplete, after a minute */
export async function waitUntilReady({ url, secretKeys, signal }: WaitOptions): Promise<void> {
  await poll(() => askHealth(url), signal)
  for (const apiKey of secretKeys) await poll(() => findMissing(`${url}/graphql`, apiKey), signal)
}

/** @param look answers what is still missing, for people; null: nothing */
async function poll(look: () => Promise<string | null>, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const missing = await look().catch(String)
    signal.throwIfAborted()
    if (missing === null) return
    if (Date.now() > deadline) {
      throw new StartError(`The services did not come together within ${withinMs / 1000} s: ${missing}.`)
    }
    await pause(lookEveryMs)
  }
}

async function askHealth(url: string): Promise<string | null> {
  const response = await fetch(`${url}/health/ready`)
  await response.body?.cancel()
  return response.ok ? null : `the gateway is not ready (${response.status})`
}

async function findMissing(endpoint: string, apiKey: string): Promise<string | null> {
  const document =
    '{ Query: __type(name: "Query") { fields { name } } User: __type(name: "User") { fields { name } } }'
  const schema = await callGraphQL<Introspection>(endpoint, { document, credentials: { apiKey } })
  const missing = (Object.keys(landmarks) as (keyof typeof landmarks)[]).flatMap((type) => {
    const fields = schema[type]?.fields.map(({ name }) => name) ?? []
    return landmarks[type].filter((name) => !fields.includes(name)).map((name) => `${type}.${name}`)
  })
  return missing.length > 0 ? `${missing.join(', ')} missing in the schema` : null
}
