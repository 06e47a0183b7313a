import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'
import {
  indexKeys,
  readApiKeys,
  readClients,
  readCommonFlags,
  readModules,
  readRegistryState,
  readRevision,
  readSigningKeys,
  snapshot,
} from './read-registry-state.ts'
import type { ModuleInstance, RegistryState } from './registry-state.ts'

/**
 * The leases and the gateways' public keys as they are now: neither a renewed lease nor a gateway that comes is a change
 * of the registry.
 */
export async function readPresence(
  db: PlatformDatabase,
  before: RegistryState,
  leasesAsOf: number,
): Promise<RegistryState> {
  const rows = await db.moduleInstance.findMany({ orderBy: { id: 'asc' } })
  const instances = new Map<string, ModuleInstance[]>()
  for (const { moduleName, ...instance } of rows) {
    instances.set(moduleName, [...(instances.get(moduleName) ?? []), instance])
  }
  const modules = [...before.modules].map(
    ([name, module]) => [name, { ...module, instances: instances.get(name) ?? [] }] as const,
  )
  const signingKeys = await readSigningKeys(db)
  const areSame = JSON.stringify(signingKeys) === JSON.stringify(before.signingKeys)
  return {
    ...before,
    leasesAsOf,
    modules: new Map(modules),
    signingKeys: areSame ? before.signingKeys : signingKeys,
  }
}

/**
 * What the registry holds now, of what it held before and of what was changed since then; the same object where
 * nothing was. Reads no more than what changed: with a thousand clients that is a thousandth.
 */
export function readChanges(db: PlatformDatabase, before: RegistryState): Promise<RegistryState> {
  return db.$transaction((tx) => applyChanges(tx, before), snapshot)
}

async function applyChanges(tx: PlatformTransaction, before: RegistryState): Promise<RegistryState> {
  const revision = await readRevision(tx)
  if (revision === before.revision) return before
  // The database is another one, restored from a backup perhaps: nothing of what is known counts.
  if (revision < before.revision) return readRegistryState(tx)
  const { clients, modules, keys, flags } = await readTouched(tx, before.revision)
  return {
    revision,
    leasesAsOf: before.leasesAsOf,
    clients: replaced(before.clients, clients, await readClients(tx, [...clients])),
    modules: replaced(before.modules, modules, await readModules(tx, [...modules])),
    flags: flags ? await readCommonFlags(tx) : before.flags,
    signingKeys: before.signingKeys,
    ...(keys.size > 0 ? await replaceKeys(tx, before, keys) : pickKeys(before)),
  }
}

type Touched = { clients: Set<string>; modules: Set<string>; keys: Set<string>; flags: boolean }

async function readTouched(tx: PlatformTransaction, after: number): Promise<Touched> {
  const changes = await tx.registryChange.findMany({
    where: { revision: { gt: after } },
    select: { subject: true, client: true },
    distinct: ['subject', 'client'],
  })
  const touched: Touched = { clients: new Set(), modules: new Set(), keys: new Set(), flags: false }
  for (const { subject, client } of changes) {
    const [kind, name = ''] = splitOnce(subject)
    if (client !== null && kind !== 'key') touched.clients.add(client)
    if (kind === 'module') touched.modules.add(name)
    if (kind === 'key') touched.keys.add(name)
    if (kind === 'flag' && client === null) touched.flags = true
  }
  return touched
}

async function replaceKeys(tx: PlatformTransaction, before: RegistryState, ids: ReadonlySet<string>) {
  const untouched = [...before.apiKeys].filter(([, { id }]) => !ids.has(id))
  return indexKeys([...untouched, ...(await readApiKeys(tx, [...ids]))])
}

function pickKeys({ apiKeys, apiKeysById }: RegistryState) {
  return { apiKeys, apiKeysById }
}

/** The same map where nothing was touched. */
function replaced<Thing>(
  before: ReadonlyMap<string, Thing>,
  touched: ReadonlySet<string>,
  now: ReadonlyMap<string, Thing>,
): ReadonlyMap<string, Thing> {
  if (touched.size === 0) return before
  const after = new Map(before)
  for (const name of touched) after.delete(name)
  for (const [name, thing] of now) after.set(name, thing)
  return after
}

function splitOnce(subject: string): [string, string] {
  const colon = subject.indexOf(':')
  return [subject.slice(0, colon), subject.slice(colon + 1)]
}
