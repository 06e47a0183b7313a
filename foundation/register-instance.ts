import { setTimeout as pause } from 'node:timers/promises'
import type { Close } from './closing.ts'
import type { Log } from './log.ts'

export type InstanceOptions = {
  /** Where the gateway is: `http://host:port`. */
  gatewayUrl: string
  /** The module's name, which the credential is bound to. */
  name: string
  credential: string
  /** What to register, asked anew for every renewal, so that changed keys or a changed address are passed on. */
  registration: () => Promise<object>
  log: Log
}

const firstRetryMs = 100
const slowestRetryMs = 2_000
const requestTimeoutMs = 10_000

/**
 * Makes this process known to the gateway as an instance of a module (the treaty is schema/registration.ts) and keeps
 * it known: tries until the gateway is there, renews at a third of the lease, takes itself off the list on close.
 * A gateway that is away is normal and quiet; one that refuses is a warning each time the reason changes.
 */
export function registerInstance(options: InstanceOptions): Close {
  const address = new URL(`/modules/${options.name}/instances/${crypto.randomUUID()}`, options.gatewayUrl)
  const headers = { authorization: `Bearer ${options.credential}`, 'content-type': 'application/json' }
  const stop = new AbortController()
  const kept = keepRegistered(address, headers, { ...options, signal: stop.signal })

  return async () => {
    if (stop.signal.aborted) return kept
    stop.abort()
    await kept
    await fetch(address, {
      method: 'DELETE',
      headers: { authorization: headers.authorization },
      signal: AbortSignal.timeout(1_000),
    }).catch((error) =>
      options.log.debug({ error: String(error) }, 'the gateway was not there to say good-bye to'),
    )
  }
}

type Keeping = InstanceOptions & { signal: AbortSignal }

async function keepRegistered(
  address: URL,
  headers: Record<string, string>,
  keeping: Keeping,
): Promise<void> {
  const { log, signal } = keeping
  let complaint: string | undefined
  let registered = false
  let retryMs = firstRetryMs
  while (!signal.aborted) {
    const answer = await put(address, headers, keeping)
    if ('leaseSeconds' in answer) {
      if (!registered) log.info({ gateway: address.origin }, 'registered with the gateway')
      complaint = undefined
      retryMs = firstRetryMs
    } else if (answer.refusal !== undefined && answer.refusal !== complaint) {
      complaint = answer.refusal
      log.warn({ gateway: address.origin, reason: complaint }, 'the gateway refused the registration')
    }
    registered = 'leaseSeconds' in answer
    const waitMs = 'leaseSeconds' in answer ? (answer.leaseSeconds * 1000) / 3 : retryMs
    if (!registered) retryMs = Math.min(retryMs * 2, slowestRetryMs)
    // Aborting the pause is how closing wakes it up.
    await pause(waitMs, undefined, { signal }).catch(() => undefined)
  }
}

type Answer = { leaseSeconds: number } | { refusal: string | undefined }

async function put(address: URL, headers: Record<string, string>, keeping: Keeping): Promise<Answer> {
  try {
    const body = JSON.stringify(await keeping.registration())
    const signal = AbortSignal.any([keeping.signal, AbortSignal.timeout(requestTimeoutMs)])
    const response = await fetch(address, { method: 'PUT', headers, body, signal })
    if (!response.ok) return { refusal: `${response.status} ${(await response.text()).slice(0, 2_000)}` }
    const reply = (await response.json()) as { leaseSeconds?: unknown }
    const leaseSeconds = Number(reply.leaseSeconds)
    return leaseSeconds > 0 ? { leaseSeconds } : { refusal: 'an answer without leaseSeconds' }
  } catch (error) {
    keeping.log.debug({ error: String(error) }, 'the gateway cannot be reached yet')
    return { refusal: undefined }
  }
}
