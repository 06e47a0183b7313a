import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { bundlePlugin } from '../host/bundle-plugin.ts'
import { checkSdl } from '../host/check-sdl.ts'
import { completeSdl } from '../host/complete-sdl.ts'
import type { LocalIsolates } from './local-isolates.ts'

/** What a plugin declares, finished or not: a field may still be without its resolver. */
export type OwnSchema = { ok: true; sdl: string; functions: string[] } | { ok: false; errors: PluginError[] }

/** @throws {TrellisError} LAMBDA_… where its code fails as it is evaluated */
export async function readOwnSchema(
  files: readonly PluginFile[],
  isolates: LocalIsolates,
): Promise<OwnSchema> {
  const bundle = await bundlePlugin(files)
  if (!bundle.ok) return bundle
  const { typeDefs, functions } = await isolates.describe(bundle.code)
  const text = typeof typeDefs === 'string' ? typeDefs : ''
  const { document, faults } = checkSdl(text)
  if (faults.length > 0)
    return { ok: false, errors: faults.map((fault) => ({ ...fault, file: 'plugin.ts', line: null })) }
  return {
    ok: true,
    sdl: completeSdl(text, document),
    functions: functions.flatMap(([type, fields]) => fields.map((field) => `${type}.${field}`)),
  }
}
