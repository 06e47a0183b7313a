import { authorTypes } from '../lambdas/authoring/author-types.ts'
import { hasTypeScript, openTypeCheck } from '../lambdas/authoring/open-type-check.ts'
import { type LocalIsolates, openLocalIsolates } from '../lambdas/local/local-isolates.ts'
import { readOwnSchema } from '../lambdas/local/own-schema.ts'
import { publishedEvents } from '../lambdas/local/published-events.ts'
import type { PluginError, PluginFile } from '../schema/plugin-build.ts'
import { CommandError } from './command-error.ts'
import type { Connection } from './connection.ts'

/** A client, and its graph as its users see it; null while it has none. */
export type ClientGraph = { client: string; graph: string | null }

/** Types for a plugin as it is now, and what they say of it. What was loaded for the first check stays for the next. */
export type PluginTypes = {
  /** The text of `trellis.d.ts`, or why there is none: the faults of the plugin's own SDL. */
  declare(files: readonly PluginFile[], of: ClientGraph): Promise<DeclaredTypes>
  /** What is wrong with its types, against the client's graph. */
  check(files: readonly PluginFile[], of: ClientGraph): Promise<PluginError[]>
} & AsyncDisposable

export type DeclaredTypes = { ok: true; text: string } | { ok: false; errors: PluginError[] }

export function openPluginTypes(): PluginTypes {
  const isolates = openLocalIsolates()
  const types = openTypeCheck()
  return {
    declare: (files, of) => declareTypes(files, of, isolates),
    async check(files, of) {
      const declared = await declareTypes(files, of, isolates)
      return declared.ok ? types.check(files, declared.text) : declared.errors
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([isolates.close(), types.close()])
    },
  }
}

/** Why types cannot be checked here; null: they can. */
export const uncheckedBecause = hasTypeScript()
  ? null
  : 'types are not checked, because typescript is not installed (npm install brings it)'

async function declareTypes(
  files: readonly PluginFile[],
  { client, graph }: ClientGraph,
  isolates: LocalIsolates,
): Promise<DeclaredTypes> {
  const plugin = await readOwnSchema(files, isolates)
  if (!plugin.ok) return plugin
  return { ok: true, text: authorTypes({ client, graph, plugin, events: await publishedEvents() }) }
}

const document = 'query Graph($client: String!) { client(slug: $client) { sdl } }'

/** @throws {CommandError} when there is no such client */
export async function readGraph({ call }: Pick<Connection, 'call'>, client: string): Promise<ClientGraph> {
  const answer = await call<{ client: { sdl: string | null } | null }>(document, { client })
  if (answer.client) return { client, graph: answer.client.sdl }
  throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
}
