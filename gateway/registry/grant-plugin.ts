import { TrellisError } from '../../foundation/errors.ts'
import { pluginScopes } from '../../schema/plugin-build.ts'
import type { PluginGrants } from '../../schema/plugin-registry.ts'
import { changeRegistry } from './change-registry.ts'
import type { PlatformDatabase } from './platform-database.ts'

export type Grant = { client: string; scopes: readonly string[]; egress: readonly string[] }

const longestList = 100
/** A host by HTTPS; `http://` before it, `*.` for all below it, and a port behind it say otherwise. */
const hostPattern =
  /^(?=.{1,270}$)(https?:\/\/)?(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?(:\d{1,5})?$/

/**
 * What a client's plugin may do in its own name, and which hosts it may call, in place of what was granted before.
 *
 * @param actor as in events: `key:<id>`
 * @throws {TrellisError} BAD_USER_INPUT for a scope there is not, or what is no host's name; NOT_FOUND
 */
export async function grantPlugin(db: PlatformDatabase, grant: Grant, actor: string): Promise<void> {
  const { client: slug } = grant
  const after = checked(grant)
  await changeRegistry(db, actor, async (tx, record) => {
    const client = await tx.client.findUnique({ where: { slug } })
    if (!client) throw new TrellisError('NOT_FOUND', 'There is no such client.')
    const before = { scopes: client.grantedScopes, egress: client.grantedEgress }
    if (JSON.stringify(before) === JSON.stringify(after)) return
    await tx.client.update({
      where: { slug },
      data: { grantedScopes: after.scopes, grantedEgress: after.egress },
    })
    await record({
      action: 'registry.client.plugin_granted',
      subject: `client:${slug}`,
      client: slug,
      before,
      after,
    })
  })
}

function checked({ scopes, egress }: Grant): PluginGrants {
  const known: ReadonlySet<string> = new Set(pluginScopes)
  const unknown = scopes.find((scope) => !known.has(scope))
  if (unknown !== undefined) {
    throw new TrellisError(
      'BAD_USER_INPUT',
      `There is no scope "${unknown}", but: ${pluginScopes.join(', ')}.`,
    )
  }
  const hosts = egress.map((host) => host.toLowerCase())
  const malformed = hosts.find((host) => !hostPattern.test(host))
  if (malformed !== undefined) {
    throw new TrellisError('BAD_USER_INPUT', `"${malformed.slice(0, 100)}" is not the name of a host.`)
  }
  if (hosts.length > longestList) {
    throw new TrellisError('BAD_USER_INPUT', `No more than ${longestList} hosts are granted.`)
  }
  return { scopes: [...new Set(scopes)].sort(), egress: [...new Set(hosts)].sort() }
}
