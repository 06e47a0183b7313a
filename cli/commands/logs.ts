import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'

export type LogOptions = { first: number; lambda: string | null; level: string | null }

type Line = { time: string; level: string; lambda: string; line: string }
type Answer = { client: { logs: { edges: { node: Line }[] } | null } | null }

const document = `query Logs($client: String!, $first: Int!, $lambda: String, $level: PluginLogLevel) {
  client(slug: $client) {
    logs(first: $first, lambda: $lambda, level: $level) { edges { node { time level lambda line } } }
  }
}`

/** What a client's lambdas logged and how they failed, in the order in which it happened. */
export async function logs(
  { call }: Pick<Connection, 'call'>,
  client: string,
  options: LogOptions,
): Promise<CommandResult> {
  const answer = await call<Answer>(document, { client, ...options })
  if (!answer.client)
    throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
  const found = (answer.client.logs?.edges ?? []).map(({ node }) => node).reverse()
  const lines = found.map(
    ({ time, level, lambda, line }) =>
      `${time.slice(0, 23).replace('T', ' ')}  ${level.padEnd(5)}  ${lambda}  ${line}`,
  )
  return { ok: true, value: found, lines: lines.length > 0 ? lines : [`${client} has logged nothing.`] }
}
