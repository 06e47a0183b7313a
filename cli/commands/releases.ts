import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'

export type Release = { number: number; message: string | null; createdAt: string; active: boolean }

const document = `query Releases($client: String!, $first: Int!) {
  client(slug: $client) { releases(first: $first) { edges { node { number message createdAt active } } } }
}`

type Answer = { client: { releases: { edges: { node: Release }[] } } | null }

/** The last releases of a client's plugin, the newest first. @throws {CommandError} when there is no such client */
export async function readReleases(
  { call }: Pick<Connection, 'call'>,
  client: string,
  first: number,
): Promise<Release[]> {
  const answer = await call<Answer>(document, { client, first })
  if (!answer.client)
    throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
  return answer.client.releases.edges.map(({ node }) => node)
}

export async function releases(
  connection: Connection,
  client: string,
  first: number,
): Promise<CommandResult> {
  const list = await readReleases(connection, client, first)
  const lines = list.map(
    ({ number, message, createdAt, active }) =>
      `${active ? '*' : ' '} ${String(number).padStart(4)}  ${createdAt.slice(0, 19).replace('T', ' ')}  ${message ?? ''}`,
  )
  return { ok: true, value: list, lines: lines.length > 0 ? lines : [`${client} has no releases yet.`] }
}
