import { TrellisError } from '../../foundation/errors.ts'
import { hashOfSdl, isAdmitted } from './admit-schema.ts'
import { type Changed, changeJudged, type Judging } from './change-judged.ts'
import type { RegisteredModule, RegistryState } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

export type ClientSdl = {
  module: string
  client: string
  /** Federation 2 SDL; null: the module's common schema again. */
  sdl: string | null
}

/**
 * What a module shows to one client in place of its common schema, where that client still composes with it, or an
 * operator insists. It holds until the module takes it back, whatever common schema it comes with meanwhile.
 *
 * @throws {TrellisError} NOT_FOUND for a client there is not, or a module that has never registered
 */
export async function publishClientSdl(
  judging: Judging,
  { module: name, client, sdl }: ClientSdl,
): Promise<Changed<void>> {
  const { db } = judging
  const seen = sdl ?? (await db.module.findUnique({ where: { name }, select: { sdl: true } }))?.sdl
  return changeJudged(judging, {
    actor: `module:${name}`,
    force: seen !== undefined && (await isAdmitted(db, { module: name, client, sdl: seen })),
    verdict(state) {
      const { modules } = requireClient(state, client)
      const module = requireModuleOf(state, name)
      const clientSdls = new Map(module.clientSdls)
      if (sdl === null) clientSdls.delete(client)
      else clientSdls.set(client, sdl)
      return {
        after: { ...state, modules: new Map(state.modules).set(name, { ...module, clientSdls }) },
        alone: sdl === null || modules.includes(name) ? null : { name, sdl },
        clients: modules.includes(name) ? [client] : [],
      }
    },
    async make(tx, record, { state, forced }) {
      const before = requireModuleOf(state, name).clientSdls.get(client) ?? null
      if (before === sdl) return
      const key = { moduleName: name, clientSlug: client }
      if (sdl === null) await tx.moduleClientSdl.delete({ where: { moduleName_clientSlug: key } })
      else {
        await tx.moduleClientSdl.upsert({
          where: { moduleName_clientSlug: key },
          create: { ...key, sdl },
          update: { sdl, admittedSdlHash: null },
        })
      }
      await record({
        action: 'registry.module.schema_changed',
        subject: `module:${name}`,
        client,
        before: before === null ? null : { sdlHash: hashOfSdl(before) },
        after: sdl === null ? null : { sdlHash: hashOfSdl(sdl) },
        forced,
      })
    },
  })
}

function requireModuleOf({ modules }: RegistryState, name: string): RegisteredModule {
  const module = modules.get(name)
  if (module) return module
  throw new TrellisError('NOT_FOUND', `No module ${name} has registered.`)
}
