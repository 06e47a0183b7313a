import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'
import { readReleases } from './releases.ts'

const document = `mutation Activate($client: String!, $release: Int!) {
  activateRelease(client: $client, release: $release) { number }
}`

const lookedAt = 100

/**
 * Serves an earlier release again.
 *
 * @param to its number; null: the one before the one that is served
 */
export async function rollback(
  connection: Connection,
  client: string,
  to: number | null,
): Promise<CommandResult> {
  const startedAt = performance.now()
  const release = to ?? (await findPrevious(connection, client))
  const { activateRelease } = await connection.call<{ activateRelease: unknown }>(document, {
    client,
    release,
  })
  const ms = Math.round(performance.now() - startedAt)
  return {
    ok: true,
    value: { release, generation: activateRelease },
    lines: [`${client}: release ${release} served again, in ${ms} ms`],
  }
}

async function findPrevious(connection: Connection, client: string): Promise<number> {
  const { list: releases } = await readReleases(connection, client, lookedAt)
  const active = releases.find((release) => release.active)
  const previous = releases.find(({ number }) => active && number < active.number)
  if (!previous) throw new CommandError(`${client} has no release before the one that is served.`)
  return previous.number
}
