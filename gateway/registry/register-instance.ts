import type { JWK } from 'jose'
import { TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'
import { hashOfSdl, isAdmitted } from './admit-schema.ts'
import { changeJudged, type Judging } from './change-judged.ts'
import { changeRegistry, type RegistryChange } from './change-registry.ts'
import type { Verdict } from './judge-clients.ts'
import type { PlatformDatabase, PlatformTransaction } from './platform-database.ts'
import type { RegisteredModule, RegistryState } from './registry-state.ts'
import type { Refusal } from './tell-refusal.ts'

/** How long an instance is taken to be there after its last word, in seconds. */
export const leaseSeconds = 15
/** How long one that is gone is still listed, in milliseconds. */
const rememberedMs = 60 * 60 * 1000

export type Instance = ModuleRegistration & { module: string; id: string }

/** `changed`: more than the lease; the registry has to be read anew to see it. */
export type Registration = { ok: true; changed: boolean } | { ok: false; errors: Refusal[] }

/**
 * Takes in an instance of a module, or renews its lease. A schema that is new is composed for every client that has
 * the module before anything is stored; of several instances with different schemas the last that came holds.
 *
 * @throws {TrellisError} FORBIDDEN while an instance of another module is leased under its id or address
 */
export async function registerInstance(
  judging: Judging,
  instance: Instance,
  log: Log,
): Promise<Registration> {
  const { db } = judging
  if (await renewLease(db, instance, 'while its schema is current')) return { ok: true, changed: false }
  const changed = await changeJudged(judging, {
    actor: `module:${instance.module}`,
    force: await isAdmitted(db, { ...instance, client: null }),
    verdict: (state) => verdictOn(state, instance),
    async make(tx, record, { state, forced }) {
      const known = state.modules.get(instance.module)
      const isNew = bringsSdl(known, instance)
      const { module, version } = instance
      if (known && isNew) log.info({ module, from: known.version, to: version }, 'a module has a new schema')
      await storeModule(tx, instance, isNew)
      await storeInstance(tx, instance)
      for (const change of changesOf(known, instance, isNew)) await record({ ...change, forced })
    },
  })
  if (changed.ok) return { ok: true, changed: true }
  // Its schema is gone for good, but it serves what it always has.
  if (await renewLease(db, instance, 'in any case')) return { ok: true, changed: false }
  return changed
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
      before: known ? { version: known.version, sdlHash: hashOfSdl(known.sdl) } : null,
      after: { version: instance.version, sdlHash: hashOfSdl(instance.sdl) },
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
async function renewLease(
  db: PlatformDatabase,
  instance: Instance,
  when: 'while its schema is current' | 'in any case',
): Promise<boolean> {
  const { id, module, url, version, sdl, tokenKeys = [] } = instance
  const renewed = await db.$executeRaw`
    UPDATE module_instance i SET lease_expires_at = ${leaseEnd()}
    FROM module m
    WHERE i.id = ${id} AND i.module = ${module} AND i.url = ${url} AND i.version = ${version}
      AND i.sdl_hash = ${hashOfSdl(sdl)} AND i.lease_expires_at > now()
      AND m.name = i.module AND m.token_keys = ${JSON.stringify(tokenKeys)}::jsonb
      AND (${when === 'in any case'} OR EXISTS (
        SELECT FROM module_instance u WHERE u.module = m.name
        AND u.sdl_hash = encode(sha256(convert_to(m.sdl, 'UTF8')), 'hex') AND u.lease_expires_at > now()))`
  return renewed > 0
}

async function storeModule(tx: PlatformTransaction, instance: Instance, isNew: boolean): Promise<void> {
  const { module, version, sdl } = instance
  const tokenKeys = JSON.parse(JSON.stringify(instance.tokenKeys ?? []))
  await tx.module.upsert({
    where: { name: module },
    create: { name: module, version, sdl, tokenKeys },
    update: { tokenKeys, ...(isNew && { version, sdl, admittedSdlHash: null }) },
  })
  if (!isNew) return
  const { _max } = await tx.schemaRelease.aggregate({ where: { moduleName: module }, _max: { number: true } })
  await tx.schemaRelease.create({
    data: { moduleName: module, number: (_max.number ?? 0) + 1, version, sdl },
  })
}

async function storeInstance(tx: PlatformTransaction, instance: Instance): Promise<void> {
  const { id, module, url, version, sdl } = instance
  const leased = { moduleName: { not: module }, leaseExpiresAt: { gt: new Date() } }
  if (await tx.moduleInstance.findFirst({ where: { ...leased, OR: [{ id }, { url }] } }))
    throw new TrellisError('FORBIDDEN', 'An instance of another module has this id or address.')
  // An address has one tenant: whoever of this module was there is gone, perhaps killed before its lease was over.
  const goneBefore = new Date(Date.now() - rememberedMs)
  await tx.moduleInstance.deleteMany({
    where: { OR: [{ id }, { url }, { leaseExpiresAt: { lt: goneBefore } }] },
  })
  await tx.moduleInstance.create({
    data: { id, moduleName: module, url, version, sdlHash: hashOfSdl(sdl), leaseExpiresAt: leaseEnd() },
  })
}

/**
 * Of several instances with different schemas the last that came holds, as long as one of those that came with it is
 * there: a schema does not outlive its instances where others live on.
 */
function bringsSdl(known: RegisteredModule | undefined, { id, sdl }: Instance): boolean {
  if (!known) return true
  if (known.sdl === sdl) return false
  const cameWithIt = known.instances.some(
    (instance) => instance.id === id && instance.sdlHash === hashOfSdl(sdl),
  )
  return !(cameWithIt && isUpheld(known))
}

function isUpheld({ sdl, instances }: RegisteredModule): boolean {
  const now = Date.now()
  const hash = hashOfSdl(sdl)
  return instances.some(({ sdlHash, leaseExpiresAt }) => sdlHash === hash && leaseExpiresAt.getTime() > now)
}

/** What the schema makes of the graphs of those who have the module. */
function verdictOn(state: RegistryState, instance: Instance): Verdict {
  const { module, sdl, version } = instance
  const known = state.modules.get(module)
  if (!bringsSdl(known, instance) || sdl.trim() === '') return { after: state, clients: [] }
  const nothing = { instances: [], tokenKeys: [], clientSdls: new Map<string, string>() }
  const candidate = { ...nothing, ...known, name: module, version, sdl }
  const without = new Map([...state.modules].filter(([name]) => name !== module))
  const clients = [...state.clients.values()].filter(({ modules }) => modules.includes(module))
  return {
    after: { ...state, modules: new Map(state.modules).set(module, candidate) },
    // Where no client has it yet: it must be a subgraph, if perhaps one that needs others.
    alone: clients.length === 0 ? { name: module, sdl } : null,
    clients: clients.map(({ slug }) => slug),
    baselines: [state, { ...state, modules: without }],
  }
}

function leaseEnd(): Date {
  return new Date(Date.now() + leaseSeconds * 1000)
}
