import { createHash } from 'node:crypto'
import { TrellisError } from '../../../foundation/errors.ts'
import type { Log } from '../../../foundation/log.ts'
import { actorOf, type ClientViewer } from '../../../foundation/viewer.ts'
import type { CallFacts, ShownViewer } from '../call-facts.ts'
import type { Ask } from '../isolate-process.ts'
import type { PluginRegistry } from '../plugin-registry.ts'
import type { AskGraph, GraphRights } from './ask-graph.ts'
import { createAsk } from './create-ask.ts'

/** Why lambdas of a client run, and for whom. */
export type Caller = {
  client: string
  viewer: ClientViewer
  /** How many lambdas stand between whoever began this and these. */
  depth: number
  /** The caller's own rights; null: nobody calls, an event is handled. */
  rights: GraphRights | null
}

/** What the host gives to the lambdas of one call. */
export type OpenCall = {
  /** What is known of the call inside the isolate. */
  facts: CallFacts
  ask: Ask
}

export type CallGround = { registry: PluginRegistry; askGraph: AskGraph; log: Log }

export function createOpenCall({ registry, askGraph, log }: CallGround): (caller: Caller) => OpenCall {
  return (caller) => {
    const { client, viewer, rights } = caller
    const flags = registry.pluginOf(client).flags.filter((flag) => isOn(flag, viewer))
    const later = async () => {
      throw new TrellisError('NOT_AVAILABLE', 'This is not available yet.')
    }
    const ask = createAsk(
      {
        async graphql(question) {
          if (rights) return askGraph(question, rights)
          throw new TrellisError('FORBIDDEN', 'Nobody is calling; ask with ctx.asPlugin.graphql.')
        },
        'asPlugin.graphql': later,
        'kv.get': later,
        'kv.set': later,
        'kv.delete': later,
        'kv.list': later,
        'secrets.get': later,
        emit: later,
        fetch: later,
      },
      log,
    )
    return { facts: { viewer: shownViewer(viewer), flags: flags.map(({ name }) => name) }, ask }
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
