import type { PluginError } from '../../schema/plugin-build.ts'
import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'
import { showFault } from '../show-fault.ts'

export type Release = { number: number; message: string | null; createdAt: string; active: boolean }

/** `faults`: why what runs is not made of the release that is served and the modules as they are now. */
export type Releases = { list: Release[]; faults: PluginError[] }

const document = `query Releases($client: String!, $first: Int!) {
  client(slug: $client) {
    compositionErrors { code message file line }
    releases(first: $first) { edges { node { number message createdAt active } } }
  }
}`

type Answer = {
  client: { compositionErrors: PluginError[] | null; releases: { edges: { node: Release }[] } } | null
}

/** The last releases of a client's plugin, the newest first. @throws {CommandError} when there is no such client */
export async function readReleases(
  { call }: Pick<Connection, 'call'>,
  client: string,
  first: number,
): Promise<Releases> {
  const answer = await call<Answer>(document, { client, first })
  if (!answer.client)
    throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
  const { releases, compositionErrors } = answer.client
  return { list: releases.edges.map(({ node }) => node), faults: compositionErrors ?? [] }
}

export async function releases(
  connection: Connection,
  client: string,
  first: number,
): Promise<CommandResult> {
  const { list, faults } = await readReleases(connection, client, first)
  const lines = list.map(
    ({ number, message, createdAt, active }) =>
      `${active ? '*' : ' '} ${String(number).padStart(4)}  ${createdAt.slice(0, 19).replace('T', ' ')}  ${message ?? ''}`,
  )
  const behind =
    faults.length > 0 ? [`${client}: it does not compose any more; what ran goes on running`] : []
  const shown = lines.length > 0 ? lines : [`${client} has no releases yet.`]
  return {
    ok: true,
    value: list,
    lines: [...shown, ...faults.map((fault) => showFault(fault, client)), ...behind],
  }
}
