import { TrellisError } from '../../../foundation/errors.ts'
import { defaultDepth } from '../../../schema/plugin-registry.ts'
import type { Egress } from '../egress/create-egress.ts'
import type { PluginRegistry } from '../plugin-registry.ts'
import type { AskGraph, GraphQuestion, GraphRights } from './ask-graph.ts'
import type { Caller } from './caller.ts'
import { causeOfEvent, readCause, traceparentOf } from './causation.ts'
import type { Powers, Question } from './create-ask.ts'
import { type EventEmitter, repeatableId } from './emit-event.ts'
import type { GraphTurns } from './graph-turns.ts'
import type { KvStore } from './kv-store.ts'
import type { PluginTokens } from './plugin-tokens.ts'
import type { Redaction } from './redaction.ts'
import type { SecretStore } from './secret-store.ts'

/** What stands behind `ctx`, for all clients. */
export type PowersGround = {
  registry: PluginRegistry
  askGraph: AskGraph
  graphTurns: GraphTurns
  tokens: PluginTokens
  kv: KvStore
  secrets: SecretStore
  redaction: Redaction
  /** Null where the host knows of no bus. */
  emitter: EventEmitter | null
  egress: Egress
}

/** What the lambdas of one call may do: in the caller's name, and in the plugin's own. */
export function createPowers(ground: PowersGround, caller: Caller): Powers {
  const { client, rights } = caller
  const askGraph = async (question: GraphQuestion, own: GraphRights, ended: AbortSignal) =>
    refusalOfDepth(ground.registry, caller) ??
    ground.graphTurns(caller, ended, () => ground.askGraph(question, own))
  return {
    async graphql(question, ended) {
      if (rights) return askGraph(question, rights, ended)
      throw new TrellisError('FORBIDDEN', 'Nobody is calling here: ask with ctx.asPlugin.graphql.')
    },
    async 'asPlugin.graphql'(question, ended) {
      const token = await ground.tokens({ client, depth: caller.depth })
      const own = { token, traceparent: traceparentOf(causeOf(caller)) }
      return askGraph(question, own, ended)
    },
    ...valuePowers(ground.kv, client),
    async 'secrets.get'({ name }) {
      const secret = await ground.secrets.read(client, name)
      if (secret !== null) ground.redaction.remember(client, name, secret)
      return JSON.stringify(secret)
    },
    emit: emitPower(ground.emitter, caller),
    async fetch({ do: _fetch, ...request }) {
      const { egress } = ground.registry.pluginOf(client).grants
      return JSON.stringify(await ground.egress(request, egress))
    },
  }
}

/** Of lambdas that ask for each other the deepest are the most: what the gateway would refuse is answered as it does. */
function refusalOfDepth({ pluginOf }: Pick<PluginRegistry, 'pluginOf'>, { client, depth }: Caller) {
  const deepest = pluginOf(client).limits.depth ?? defaultDepth
  if (depth < deepest) return null
  const message = `Lambdas and graph call each other ${deepest} deep at most.`
  return JSON.stringify({ errors: [new TrellisError('LAMBDA_TOO_DEEP', message)] })
}

type ValuePowers = Pick<Powers, 'kv.get' | 'kv.set' | 'kv.delete' | 'kv.list'>

function valuePowers(kv: KvStore, client: string): ValuePowers {
  return {
    'kv.get': async ({ key }) => (await kv.get(client, key)) ?? 'null',
    async 'kv.set'({ key, value, ttlSeconds, ifEquals }) {
      if (value === undefined)
        throw new TrellisError('BAD_USER_INPUT', 'A value is something that JSON has a word for.')
      const expected = ifEquals === undefined ? undefined : JSON.stringify(ifEquals)
      const written = { key, value: JSON.stringify(value), ttlSeconds, ifEquals: expected }
      return JSON.stringify(await kv.set(client, written))
    },
    'kv.delete': async ({ key }) => JSON.stringify(await kv.delete(client, key)),
    async 'kv.list'({ prefix, after = null, limit }) {
      const entries = await kv.list(client, { prefix, after, limit })
      return `[${entries.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${value}}`).join(',')}]`
    },
  }
}

/** A handler that runs again emits the same events again, and not others beside them. */
function emitPower(emitter: EventEmitter | null, caller: Caller): Powers['emit'] {
  const { client, event } = caller
  const counts = new Map<string, number>()
  const idOf = ({ type, subject }: Question<'emit'>) => {
    if (!event) return null
    const name = JSON.stringify([type, subject])
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return repeatableId(`${client}/${event.id}`, { type, subject }, count)
  }
  return async (question) => {
    if (!emitter) throw new TrellisError('NOT_AVAILABLE', 'This platform carries no events.')
    const { type, subject, data } = question
    const traceparent = traceparentOf(causeOf(caller))
    await emitter.emit({ client, type, subject, data, traceparent, id: idOf(question) })
    return 'null'
  }
}

function causeOf({ viewer, rights, event }: Caller) {
  return event ? causeOfEvent(event) : readCause(rights?.traceparent, viewer.kind === 'PLUGIN')
}
