import { TrellisError } from '../../foundation/errors.ts'
import { findLineInFiles } from '../../foundation/find-in-files.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import type { BuildLimits } from '../host/build-limits.ts'
import { bundlePlugin } from '../host/bundle-plugin.ts'
import { checkSdl, type SdlFault } from '../host/check-sdl.ts'
import { completeSdl } from '../host/complete-sdl.ts'
import { entryFile, pluginFault } from '../host/plugin-fault.ts'
import { schemaFaults } from '../host/schema-faults.ts'
import type { LocalIsolates } from './local-isolates.ts'

/** What a plugin declares, finished or not: a field may still be without its resolver. */
export type OwnSchema = { ok: true; sdl: string; functions: string[] } | { ok: false; errors: PluginError[] }

/** How large a client's plugin may be, the platform knows. */
const ofAnySize: BuildLimits = { bundleChars: Number.POSITIVE_INFINITY, sdlChars: Number.POSITIVE_INFINITY }

export async function readOwnSchema(
  files: readonly PluginFile[],
  isolates: LocalIsolates,
): Promise<OwnSchema> {
  const bundle = await bundlePlugin(files, ofAnySize)
  if (!bundle.ok) return bundle
  const described = await isolates.describe(bundle.code).catch(asFault)
  if ('fault' in described) return { ok: false, errors: [described.fault] }
  const { typeDefs, functions } = described
  const text = typeof typeDefs === 'string' ? typeDefs : ''
  const { document, faults: ofForm } = checkSdl(text, ofAnySize)
  const sdl = completeSdl(text, document)
  const faults = ofForm.length > 0 ? ofForm : schemaFaults(sdl)
  if (faults.length > 0) return { ok: false, errors: faults.map((fault) => locate(fault, text, files)) }
  return {
    ok: true,
    sdl,
    functions: functions.flatMap(([type, fields]) => fields.map((field) => `${type}.${field}`)),
  }
}

/** Its code fails as it is evaluated. */
function asFault(error: unknown): { fault: PluginError } {
  if (!(error instanceof TrellisError)) throw error
  return { fault: pluginFault(error.code, error.message, { file: entryFile, line: null }) }
}

function locate(
  { code, message, line }: SdlFault,
  typeDefs: string,
  files: readonly PluginFile[],
): PluginError {
  const place = line === null ? null : findLineInFiles(typeDefs, line, files)
  return pluginFault(code, message, place ?? { file: null, line: null })
}
