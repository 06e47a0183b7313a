import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Place } from '../../../foundation/find-in-files.ts'
import { placeOfError } from '../bundle-places.ts'
import type { Caller } from '../ctx/caller.ts'
import { causeOfEvent, maxHops } from '../ctx/causation.ts'
import type { OpenCall } from '../ctx/open-call.ts'
import type { FindBuild } from '../find-build.ts'
import type { LimitsOf } from '../limits-of.ts'
import type { PluginRegistry } from '../plugin-registry.ts'
import type { RunLambdas } from '../run-lambdas.ts'
import type { QueuedEvent } from './handler-queue.ts'

export type HandleEventOptions = {
  registry: PluginRegistry
  findBuild: FindBuild
  limitsOf: LimitsOf
  runLambdas: RunLambdas
  openCall: (caller: Caller) => OpenCall
}

/** `early`: it may be for a release that this copy of the host has not heard of yet. */
export type HandleEvent = (
  queued: Pick<QueuedEvent, 'event' | 'ageMs'>,
  signal: AbortSignal,
) => Promise<'done' | 'early'>

/** A handler's error, and where in the files of its release it was thrown. */
export class HandlerFailure extends TrellisError {
  readonly place: Place | null

  constructor({ code, message }: TrellisError, place: Place | null) {
    super(code, message)
    this.place = place
  }
}

/** What was released before an event was noted is known to every gateway after that time. */
const knownEverywhereMs = 5_000

/**
 * Has the release that is served now handle an event; one that has no handler for it has nothing to do.
 *
 * @throws the signal's reason while the registry is not known, or what asking for it throws
 * @throws {TrellisError} EVENT_LOOP, LAMBDA_…
 */
export function createHandleEvent(options: HandleEventOptions): HandleEvent {
  const { registry, findBuild, limitsOf, runLambdas, openCall } = options

  return async ({ event, ageMs }, signal) => {
    const { client } = event
    const handles = () => registry.pluginOf(client).active?.handlers.includes(event.type) === true
    // A host that has just started knows of no plugin yet, which is not the same as that there is none.
    await registry.known(signal)
    if (!handles() && ageMs < knownEverywhereMs) return 'early'
    if (!handles()) await registry.asOf(performance.now() - ageMs + knownEverywhereMs)
    const { active, grants } = registry.pluginOf(client)
    if (!active || !handles()) return 'done'
    requireNoLoop(event)
    const { digest, number } = active
    const { bundle } = await findBuild(client, digest)
    const viewer = { kind: 'PLUGIN', client, release: number, scopes: grants.scopes } as const
    const { facts, ask } = openCall({ client, viewer, depth: 0, rights: null, event })
    const [outcome] = await runLambdas(
      { client, digest, bundle, limits: limitsOf(client) },
      [{ lambda: `on:${event.type}`, argument: shown(event) }],
      { facts, ask, repeatable: false },
    )
    if (outcome && 'error' in outcome)
      throw new HandlerFailure(outcome.error, placeOfError(bundle, outcome.error))
    return 'done'
  }
}

function requireNoLoop(event: PlatformEvent): void {
  if (causeOfEvent(event).hops <= maxHops) return
  throw new TrellisError(
    'EVENT_LOOP',
    `The plugin caused this event by handling its own events, ${maxHops} of them one after the other.`,
  )
}

function shown({ id, type, subject, time, actor, data }: PlatformEvent) {
  return { id, type, subject, time, actor, data }
}
