import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'

/** Scopes of the plugin's own rights, and hosts that it may call. */
export type Grants = { scopes: readonly string[]; egress: readonly string[] }

type ClientPlugin = { release: number | null; needs: Grants | null; grants: Grants }
type Call = Pick<Connection, 'call'>

const plugin = 'plugin { release needs { scopes egress } grants { scopes egress } }'
const readDocument = `query Grants($client: String!) { client(slug: $client) { ${plugin} } }`
const grantDocument = `mutation Grant($client: String!, $scopes: [String!]!, $egress: [String!]!) {
  grantPlugin(client: $client, scopes: $scopes, egress: $egress) { ${plugin} }
}`

/** What a client's plugin may do, beside what the release that is served needs. */
export async function showGrants(connection: Call, client: string): Promise<CommandResult> {
  return shown(client, await readPlugin(connection, client))
}

/** Beside what was granted before. */
export async function grant(connection: Call, client: string, added: Grants): Promise<CommandResult> {
  const { grants } = await readPlugin(connection, client)
  return replace(connection, client, {
    scopes: [...grants.scopes, ...added.scopes],
    egress: [...grants.egress, ...added.egress],
  })
}

/** What was never granted is a mistake worth a word: something else may stay granted. @throws {CommandError} */
export async function withdraw(connection: Call, client: string, taken: Grants): Promise<CommandResult> {
  const { grants } = await readPlugin(connection, client)
  const gone = {
    scopes: new Set(taken.scopes),
    egress: new Set(taken.egress.map((host) => host.toLowerCase())),
  }
  const unknown = [
    ...gone.scopes.difference(new Set(grants.scopes)),
    ...gone.egress.difference(new Set(grants.egress)),
  ]
  if (unknown.length > 0) throw new CommandError(`${client} was not granted ${unknown.join(', ')}.`)
  return replace(connection, client, {
    scopes: grants.scopes.filter((scope) => !gone.scopes.has(scope)),
    egress: grants.egress.filter((host) => !gone.egress.has(host)),
  })
}

async function replace({ call }: Call, client: string, grants: Grants): Promise<CommandResult> {
  const answer = await call<{ grantPlugin: { plugin: ClientPlugin } }>(grantDocument, { client, ...grants })
  return shown(client, answer.grantPlugin.plugin)
}

async function readPlugin({ call }: Call, client: string): Promise<ClientPlugin> {
  const answer = await call<{ client: { plugin: ClientPlugin } | null }>(readDocument, { client })
  if (answer.client) return answer.client.plugin
  throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
}

function shown(client: string, { release, needs, grants }: ClientPlugin): CommandResult {
  const lines = [`${client} is granted ${listed(grants)}`]
  if (needs) lines.push(`${client}: release ${release}, which is served, needs ${listed(needs)}`)
  return { ok: true, value: { release, needs, grants }, lines }
}

function listed({ scopes, egress }: Grants): string {
  return [...scopes, ...egress.map((host) => `calls to ${host}`)].join(', ') || 'nothing'
}
