import { createHash } from 'node:crypto'
import type { JWK } from 'jose'
import type { Log } from '../../foundation/log.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'
import {
  type CompositionError,
  composeForClient,
  type SubgraphSource,
} from '../composition/compose-for-client.ts'
import { subgraphSources } from '../supergraph/client-graph.ts'
import { changeRegistry, type RegistryChange } from './change-registry.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'
import { readClientGraph } from './read-client-graph.ts'
import { readRegistryState } from './read-registry-state.ts'
import type { RegisteredModule, RegistryState } from './registry-state.ts'

/** How long an instance is taken to be there after its last word, in seconds. */
export const leaseSeconds = 15
/** How long one that is gone is still listed, in milliseconds. */
const rememberedMs = 60 * 60 * 1000

export type Instance = ModuleRegistration & { module: string; id: string }

/** `changed`: more than the lease; the registry has to be read anew to see it. */
export type Registration = { ok: true; changed: boolean } | { ok: false; errors: CompositionError[] }

/**
 * Takes in an instance of a module, or renews its lease. A schema that is new is composed for every client that has
 * the module before anything is stored; of several instances with different schemas the last that came holds.
 */
export async function registerInstance(
  db: PlatformDatabase,
  instance: Instance,
  log: Log,
): Promise<Registration> {
  if (await renewLease(db, instance)) return { ok: true, changed: false }
  return changeRegistry(db, `module:${instance.module}`, async (tx, record) => {
    const state = await readRegistryState(tx)
    const known = state.modules.get(instance.module)
    // An older instance of a rolling deployment that renews with other token keys does not bring its old schema back.
    const cameWithIt = known?.instances.some(
      ({ id, sdlHash }) => id === instance.id && sdlHash === hashOf(instance.sdl),
    )
    const bringsSdl = known?.sdl !== instance.sdl && !cameWithIt
    const errors = bringsSdl ? judgeSdl(state, instance) : []
    if (errors.length > 0) return { ok: false, errors }
    if (known && bringsSdl) {
      log.info({ module: known.name, from: known.version, to: instance.version }, 'a module has a new schema')
    }
    await storeModule(tx, instance, bringsSdl)
    await storeInstance(tx, instance)
    for (const change of changesOf(known, instance, bringsSdl)) await record(change)
    return { ok: true, changed: true }
  })
}

/** The instance says good-bye. Its module's schema stays: a dead module nulls its fields, it does not vanish. */
export async function removeInstance(db: PlatformDatabase, { module, id }: Pick<Instance, 'module' | 'id'>) {
  await changeRegistry(db, `module:${module}`, async (tx, record) => {
    const instance = await tx.moduleInstance.findUnique({ where: { id, moduleName: module } })
    if (!instance) return
    await tx.moduleInstance.delete({ where: { id } })
    await record({
      action: 'registry.module.instance_left',
      subject: `module:${module}`,
      client: null,
      before: shown(instance),
      after: null,
    })
  })
}

/** For the record: what an instance that came, or came anew, has changed. */
function changesOf(
  known: RegisteredModule | undefined,
  instance: Instance,
  bringsSdl: boolean,
): RegistryChange[] {
  const about = { subject: `module:${instance.module}`, client: null } as const
  const before = known?.instances.find(({ id }) => id === instance.id)
  const changes: RegistryChange[] = [
    {
      ...about,
      action: 'registry.module.instance_joined',
      before: before ? shown(before) : null,
      after: shown(instance),
    },
  ]
  const keys = { before: keyIdsOf(known?.tokenKeys), after: keyIdsOf(instance.tokenKeys) }
  if (JSON.stringify(keys.before) !== JSON.stringify(keys.after)) {
    changes.push({
      ...about,
      action: 'registry.module.token_keys_changed',
      before: { keys: keys.before },
      after: { keys: keys.after },
    })
  }
  if (bringsSdl) {
    changes.push({
      ...about,
      action: 'registry.module.schema_changed',
      before: known ? { version: known.version, sdlHash: hashOf(known.sdl) } : null,
      after: { version: instance.version, sdlHash: hashOf(instance.sdl) },
    })
  }
  return changes
}

function keyIdsOf(keys: readonly JWK[] | undefined): (string | null)[] {
  return (keys ?? []).map(({ kid }) => kid ?? null)
}

function shown({ id, url, version }: Pick<Instance, 'id' | 'url' | 'version'>) {
  return { id, url, version }
}

/** A renewal that says nothing new is one statement, without the lock and without waking anybody. */
async function renewLease(db: PlatformDatabase, instance: Instance): Promise<boolean> {
  const { id, module, url, version, sdl, tokenKeys = [] } = instance
  const renewed = await db.$executeRaw`
    UPDATE module_instance i SET lease_expires_at = ${leaseEnd()}
    FROM module m
    WHERE i.id = ${id} AND i.module = ${module} AND i.url = ${url} AND i.version = ${version}
      AND i.sdl_hash = ${hashOf(sdl)} AND i.lease_expires_at > now()
      AND m.name = i.module AND m.token_keys = ${JSON.stringify(tokenKeys)}::jsonb`
  return renewed > 0
}

async function storeModule(tx: PlatformTransaction, instance: Instance, bringsSdl: boolean): Promise<void> {
  const { module, version, sdl } = instance
  const tokenKeys = JSON.parse(JSON.stringify(instance.tokenKeys ?? []))
  await tx.module.upsert({
    where: { name: module },
    create: { name: module, version, sdl, tokenKeys },
    update: { tokenKeys, ...(bringsSdl ? { version, sdl } : {}) },
  })
}

async function storeInstance(tx: PlatformTransaction, instance: Instance): Promise<void> {
  const { id, module, url, version, sdl } = instance
  // An address has one tenant: whoever was there before is gone, perhaps killed before its lease was over.
  const goneBefore = new Date(Date.now() - rememberedMs)
  await tx.moduleInstance.deleteMany({
    where: { OR: [{ id }, { url }, { leaseExpiresAt: { lt: goneBefore } }] },
  })
  await tx.moduleInstance.create({
    data: { id, moduleName: module, url, version, sdlHash: hashOf(sdl), leaseExpiresAt: leaseEnd() },
  })
}

/**
 * Why this schema cannot be taken in. A client that does not compose is held against the module only when the client
 * does compose as it is, or without the module: what others have broken is not its fault.
 */
function judgeSdl(state: RegistryState, { module, sdl, version }: Instance): CompositionError[] {
  if (sdl.trim() === '') return []
  const known = state.modules.get(module)
  const candidate = {
    name: module,
    version,
    sdl,
    tokenKeys: [],
    instances: known?.instances ?? [],
    clientSdls: known?.clientSdls ?? new Map<string, string>(),
  }
  const after = { ...state, modules: new Map(state.modules).set(module, candidate) }
  const without = { ...state, modules: new Map([...state.modules].filter(([name]) => name !== module)) }
  const slugs = [...state.clients.values()]
    .filter(({ modules }) => modules.includes(module))
    .map(({ slug }) => slug)
  if (slugs.length === 0) return judgeAlone(module, sdl)
  return slugs.flatMap((slug) => {
    const errors = compositionErrors(after, slug)
    const isToBlame = [state, without].some((baseline) => compositionErrors(baseline, slug).length === 0)
    return isToBlame
      ? errors.map((error) => ({ ...error, message: `[client ${slug}] ${error.message}` }))
      : []
  })
}

/** No client has it yet: it must be a subgraph, if perhaps one that needs others. */
function judgeAlone(name: string, sdl: string): CompositionError[] {
  return composeErrors([{ name, sdl }])
}

function compositionErrors(state: RegistryState, slug: string): CompositionError[] {
  const graph = readClientGraph(state, slug)
  return graph ? composeErrors(subgraphSources(graph)) : []
}

/** A graph without queries is not wrong, only not complete yet: the module that has some may come later. */
function composeErrors(sources: readonly SubgraphSource[]): CompositionError[] {
  const composition = composeForClient(sources)
  return composition.ok ? [] : composition.errors.filter(({ code }) => code !== 'NO_QUERIES')
}

function leaseEnd(): Date {
  return new Date(Date.now() + leaseSeconds * 1000)
}

function hashOf(sdl: string): string {
  return createHash('sha256').update(sdl).digest('hex')
}
