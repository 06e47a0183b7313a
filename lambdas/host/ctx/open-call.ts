import { createHash } from 'node:crypto'
import type { Log } from '../../../foundation/log.ts'
import { actorOf, type ClientViewer } from '../../../foundation/viewer.ts'
import type { CallFacts, ShownViewer } from '../call-facts.ts'
import type { Ask } from '../isolate-process.ts'
import type { Caller } from './caller.ts'
import { createAsk } from './create-ask.ts'
import { createPowers, type PowersGround } from './create-powers.ts'

/** What the host gives to the lambdas of one call. */
export type OpenCall = {
  /** What is known of the call inside the isolate. */
  facts: CallFacts
  ask: Ask
}

export function createOpenCall(ground: PowersGround, log: Log): (caller: Caller) => OpenCall {
  return (caller) => {
    const { client, viewer } = caller
    const flags = ground.registry.pluginOf(client).flags.filter((flag) => isOn(flag, viewer))
    return {
      facts: { viewer: shownViewer(viewer), flags: flags.map(({ name }) => name) },
      ask: createAsk(createPowers(ground, caller), log),
    }
  }
}

/** What a plugin sees of whoever is calling: no client, no session, nothing that could be presented anywhere. */
function shownViewer(viewer: ClientViewer): ShownViewer {
  switch (viewer.kind) {
    case 'USER':
      return { kind: viewer.kind, userId: viewer.userId, roles: viewer.roles }
    case 'PLUGIN':
      return { kind: viewer.kind }
    default:
      return { kind: viewer.kind, keyId: viewer.keyId }
  }
}

type Flag = { name: string; enabled: boolean; percent: number | null }

/** The same viewer is always on the same side of a percentage, and on another side of another flag's. */
function isOn({ name, enabled, percent }: Flag, viewer: ClientViewer): boolean {
  if (!enabled || percent === null) return enabled
  const hash = createHash('sha256')
    .update(JSON.stringify([name, viewer.client, actorOf(viewer)]))
    .digest()
  return (hash.readUInt32BE(0) / 2 ** 32) * 100 < percent
}
