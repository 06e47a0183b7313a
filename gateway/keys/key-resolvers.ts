import { DateTimeResolver, JSONResolver } from 'graphql-scalars'
import { TrellisError } from '../../foundation/errors.ts'
import { flagIsOn } from '../../foundation/flag-is-on.ts'
import { actorOf, type ClientViewer, isAdmin } from '../../foundation/viewer.ts'
import { type PageArguments, toConnection } from '../control/connection.ts'
import { createApiKey, revokeApiKey, setApiKeyTags } from '../registry/api-keys.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import type { RegistryState } from '../registry/registry-state.ts'
import type { Caller } from '../transports/subgraph-fetch.ts'

export type KeysOptions = {
  db: PlatformDatabase
  state(): RegistryState
  /** Resolves once this replica knows all that the registry holds. */
  refresh(): Promise<void>
  /** Known to the gateways alone: what secrets that may be asked for again are made from. */
  seed: Uint8Array
}

type NewKeyInput = {
  name: string
  kind: 'PUBLISHABLE' | 'SECRET' | 'PARTNER' | 'DEPLOY'
  tags?: string[] | null
  expiresAt?: Date | null
  idempotencyKey?: string | null
}

export function createKeyResolvers({ db, state, refresh, seed }: KeysOptions) {
  const readKey = (client: string, id: string) => db.apiKey.findFirst({ where: { id, clientSlug: client } })
  return {
    DateTime: DateTimeResolver,
    JSON: JSONResolver,
    Query: {
      async apiKeys(_root: unknown, page: PageArguments, caller: Caller) {
        const { client } = requireAdmin(caller)
        const nodes = await db.apiKey.findMany({
          where: { clientSlug: client },
          orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
          omit: { hash: true, idempotencyKey: true },
        })
        return toConnection({ list: `apiKeys:${client}`, nodes, keyOf: ({ id }) => id }, page)
      },
      flags(_root: unknown, _arguments: unknown, caller: Caller) {
        const viewer = requireViewer(caller)
        const { clients, flags } = state()
        const own = clients.get(viewer.client)?.flags ?? []
        return [...new Map([...flags, ...own]).values()].map((flag) => ({
          name: flag.name,
          enabled: flagIsOn(flag, viewer),
        }))
      },
    },
    Mutation: {
      async createApiKey(_root: unknown, { input }: { input: NewKeyInput }, caller: Caller) {
        const viewer = requireAdmin(caller, 'in person')
        const { client } = viewer
        const { idempotencyKey, tags, expiresAt, ...rest } = input
        if (expiresAt && expiresAt.getTime() <= Date.now()) {
          throw new TrellisError('BAD_USER_INPUT', '`expiresAt` is over.')
        }
        const key = { ...rest, client, tags: tags ?? [], expiresAt: expiresAt ?? null }
        const repeatable = idempotencyKey == null ? null : { key: idempotencyKey, seed }
        const { id, secret } = await createApiKey(db, { ...key, repeatable }, actorOf(viewer))
        await refresh()
        return { apiKey: await readKey(client, id), secret }
      },
      async setApiKeyTags(_root: unknown, { id, tags }: { id: string; tags: string[] }, caller: Caller) {
        const viewer = requireAdmin(caller, 'in person')
        await setApiKeyTags(db, { id, tags, client: viewer.client }, actorOf(viewer))
        await refresh()
        return readKey(viewer.client, id)
      },
      async revokeApiKey(_root: unknown, { id }: { id: string }, caller: Caller) {
        const viewer = requireAdmin(caller, 'in person')
        if (!(await readKey(viewer.client, id))) throw new TrellisError('NOT_FOUND', 'There is no such key.')
        await revokeApiKey(db, id, actorOf(viewer))
        await refresh()
        return readKey(viewer.client, id)
      },
    },
  }
}

/**
 * @param how with `in person`, no lambda may stand between: what it does with its caller's rights is the author's doing,
 *   and a key would leave those rights to him for good
 * @throws {TrellisError} FORBIDDEN
 */
function requireAdmin(caller: Caller, how: 'in person' | 'anyhow' = 'anyhow'): ClientViewer {
  const viewer = requireViewer(caller)
  if (!isAdmin(viewer)) throw new TrellisError('FORBIDDEN', 'This is for administrators.')
  if (how === 'in person' && caller.depth > 0) {
    throw new TrellisError('FORBIDDEN', 'Keys are not made or revoked through a plugin.')
  }
  return viewer
}

function requireViewer({ viewer }: Caller): ClientViewer {
  if (viewer) return viewer
  throw new TrellisError('FORBIDDEN', 'This is for viewers of a client.')
}
