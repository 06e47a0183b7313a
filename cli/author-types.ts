import { authorTypes } from '../lambdas/authoring/author-types.ts'
import { openLocalIsolates } from '../lambdas/local/local-isolates.ts'
import { readOwnSchema } from '../lambdas/local/own-schema.ts'
import type { PluginFolder } from '../lambdas/local/plugin-folder.ts'
import { publishedEvents } from '../lambdas/local/published-events.ts'
import { CommandError } from './command-error.ts'
import type { Connection } from './connection.ts'
import { showFault } from './show-fault.ts'

const document = 'query Graph($client: String!) { client(slug: $client) { sdl } }'

/** The client's graph as its users see it; null while it has none. @throws {CommandError} when there is no such client */
export async function readGraph({ call }: Pick<Connection, 'call'>, client: string): Promise<string | null> {
  const answer = await call<{ client: { sdl: string | null } | null }>(document, { client })
  if (answer.client) return answer.client.sdl
  throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
}

/** What an editor has to know of the client's graph and of the plugin as it is now: the text of `trellis.d.ts`. */
export async function typesFor(folder: PluginFolder, client: string, graph: string | null): Promise<string> {
  const isolates = openLocalIsolates()
  try {
    const own = await readOwnSchema(folder.files, isolates)
    if (!own.ok) throw new CommandError(own.errors.map((error) => showFault(error, folder.path)).join('\n'))
    return authorTypes({ client, graph, plugin: own, events: await publishedEvents() })
  } finally {
    await isolates.close()
  }
}
