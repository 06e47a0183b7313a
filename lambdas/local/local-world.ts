import { type ErrorCode, TrellisError } from '../../foundation/errors.ts'
import { isGrantedHost } from '../../foundation/granted-host.ts'
import type { Powers, Question } from '../host/ctx/create-ask.ts'
import type { MemoryStore } from './memory-store.ts'

/** All that is outside of a plugin that runs here: what its `ctx` reaches. */
export type LocalWorld = {
  /** The client's graph. Answers as a graph does: `{ data, errors }`. */
  graph(question: GraphQuestion): Promise<object>
  kv: MemoryStore
  secrets: Readonly<Record<string, string>>
  emit(event: EmittedEvent): void
  /** The net. Throws what the plugin is to be told. */
  fetch(request: OutgoingRequest): Promise<OutgoingAnswer>
  /** What the plugin has asked for with `needs`; taken as granted. */
  needs: { scopes: readonly string[]; egress: readonly string[] }
}

export type GraphQuestion = {
  document: string
  variables: Readonly<Record<string, unknown>>
  /** Whose rights it has: those of whoever is calling, or the plugin's own. */
  as: 'caller' | 'plugin'
}

export type EmittedEvent = { type: string; subject: string; data: unknown }

export type OutgoingRequest = {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body: string | null
}

export type OutgoingAnswer = { status: number; headers: Readonly<Record<string, string>>; body: string }

/** The host's end of `ctx`, with that world behind it. */
export function powersIn(world: LocalWorld): Powers {
  const { kv, secrets, needs } = world
  return {
    graphql: async ({ document, variables }) =>
      JSON.stringify(
        await world.graph({ document, variables, as: 'caller' }).catch(failsAs('SUBGRAPH_UNAVAILABLE')),
      ),
    async 'asPlugin.graphql'({ document, variables }) {
      if (needs.scopes.length === 0)
        throw new TrellisError('FORBIDDEN', 'The plugin has no rights of its own: name scopes in `needs`.')
      return JSON.stringify(
        await world.graph({ document, variables, as: 'plugin' }).catch(failsAs('SUBGRAPH_UNAVAILABLE')),
      )
    },
    'kv.get': async ({ key }) => JSON.stringify(kv.get(key)),
    'kv.set': async ({ key, value, ...options }) => JSON.stringify(kv.set(key, value, options)),
    'kv.delete': async ({ key }) => JSON.stringify(kv.delete(key)),
    async 'kv.list'({ prefix, after, limit }) {
      const entries = kv.entries(prefix).filter(([key]) => after === undefined || key > after)
      return JSON.stringify(entries.slice(0, limit).map(([key, value]) => ({ key, value })))
    },
    'secrets.get': async ({ name }) => JSON.stringify(secrets[name] ?? null),
    async emit({ type, subject, data }) {
      if (!type.startsWith('plugin.'))
        throw new TrellisError('BAD_USER_INPUT', 'The type of an event of a plugin begins with `plugin.`.')
      world.emit({ type, subject, data })
      return 'null'
    },
    async fetch(question) {
      const request = outgoing(question, needs.egress)
      return JSON.stringify(await world.fetch(request).catch(failsAs('EGRESS_FAILED')))
    },
  }
}

function outgoing(
  { url, method, headers, body }: Question<'fetch'>,
  hosts: readonly string[],
): OutgoingRequest {
  if (!URL.canParse(url)) throw new TrellisError('BAD_USER_INPUT', `${url} is not a URL.`)
  if (!isGrantedHost(new URL(url), hosts))
    throw new TrellisError('EGRESS_NOT_GRANTED', `${new URL(url).host} is not in \`needs.egress\`.`)
  return { url, method: method ?? 'GET', headers: headers ?? {}, body: body ?? null }
}

/** What is wrong with the world here is its author's to know. */
function failsAs(code: ErrorCode): (error: unknown) => never {
  return (error) => {
    if (error instanceof TrellisError) throw error
    throw new TrellisError(code, error instanceof Error ? error.message : String(error))
  }
}
