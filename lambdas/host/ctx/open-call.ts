import { flagIsOn } from '../../../foundation/flag-is-on.ts'
import type { Log } from '../../../foundation/log.ts'
import type { ClientViewer } from '../../../foundation/viewer.ts'
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
    const flags = ground.registry.pluginOf(client).flags.filter((flag) => flagIsOn(flag, viewer))
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
