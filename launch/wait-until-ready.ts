import { setTimeout as pause } from 'node:timers/promises'
import { CallError, callGraphQL } from '../foundation/call-graphql.ts'
import { StartError } from './start-error.ts'

const withinMs = 60_000
const lookEveryMs = 20

/** One field of each core module. A schema without them is incomplete; what does not answer them is not there yet. */
const roundOfModules = `{
  users(first: 1) { totalCount }
  collections(first: 1) { totalCount }
  notifications(first: 1) { totalCount }
  series(metric: "start", from: "2000-01-01T00:00:00Z", to: "2000-01-02T00:00:00Z", interval: DAY) { key }
}`

export type WaitOptions = {
  /** The gateway. */
  url: string
  /** Without any, the gateway's own word is enough. */
  keys: { operator: string /** Of clients that have all core modules. */; clients: readonly string[] } | null
  signal: AbortSignal
}

/** @throws {StartError} when the gateway, or a service behind it, does not answer within a minute */
export async function waitUntilReady({ url, keys, signal }: WaitOptions): Promise<void> {
  await poll(() => askHealth(url), signal)
  if (!keys) return
  const endpoint = `${url}/graphql`
  await poll(() => askForLambdas(endpoint, keys.operator), signal)
  for (const apiKey of keys.clients) await poll(() => askModules(endpoint, apiKey), signal)
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

type RegisteredModule = { name: string; instances: { status: string }[] }

/** The lambda host has no schema whose fields could be asked for, and plugins of an earlier start need it at once. */
async function askForLambdas(endpoint: string, apiKey: string): Promise<string | null> {
  const { modules } = await callGraphQL<{ modules: RegisteredModule[] }>(endpoint, {
    document: '{ modules { name instances { status } } }',
    credentials: { apiKey },
  })
  const host = modules.find(({ name }) => name === 'lambdas')
  return host?.instances.some(({ status }) => status === 'HEALTHY')
    ? null
    : 'the lambda host has not registered'
}

/** A refusal is an answer, too: a server has no notifications of its own. */
async function askModules(endpoint: string, apiKey: string): Promise<string | null> {
  return callGraphQL(endpoint, { document: roundOfModules, credentials: { apiKey } }).then(
    () => null,
    (error) => {
      if (error instanceof CallError && error.codes.every((code) => code === 'FORBIDDEN')) return null
      return error instanceof CallError ? error.message : String(error)
    },
  )
}
