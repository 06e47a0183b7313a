import { createHash } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'
import { findLineInFiles } from '../../foundation/find-in-files.ts'
import type { BuiltParts, PluginBuild, PluginError, PluginFile } from '../../schema/plugin-build.ts'
import type { BuildLimits } from './build-limits.ts'
import { placeOfError } from './bundle-places.ts'
import { bundlePlugin } from './bundle-plugin.ts'
import { lambdaFaults } from './check-lambdas.ts'
import { checkSdl } from './check-sdl.ts'
import { collectDocuments } from './collect-documents.ts'
import { completeSdl } from './complete-sdl.ts'
import type { PluginDescription } from './plugin-description.ts'
import { entryFile, placeOf, pluginFault } from './plugin-fault.ts'
import { readNeeds } from './read-needs.ts'
import { schemaFaults } from './schema-faults.ts'

export type BuildTools = {
  /** @default those of the platform */
  limits?: BuildLimits
  /** The types of events that the platform publishes. */
  eventTypes: ReadonlySet<string>
  /** Evaluates the bundle in an isolate of its own. @throws {TrellisError} LAMBDA_… */
  describe(digest: string, bundle: string): Promise<PluginDescription>
}

export type BuiltPlugin = { ok: true; bundle: string } & BuiltParts
type Refused = Extract<PluginBuild, { ok: false }>

const nowhere = { file: null, line: null }
const knownSettings: ReadonlySet<string> = new Set(['typeDefs', 'resolvers', 'rules', 'on', 'needs'])

/** From the submitted files to a build that can be composed and run, or to every fault that was found. */
export async function buildPlugin(
  files: readonly PluginFile[],
  tools: BuildTools,
): Promise<BuiltPlugin | Refused> {
  if (!files.some((file) => file.path === entryFile))
    return refused([pluginFault('ENTRY_MISSING', `There is no ${entryFile} among the files.`)])
  const bundle = await bundlePlugin(files, tools.limits)
  if (!bundle.ok) return bundle
  try {
    const description = await tools.describe(sha256(bundle.code), bundle.code)
    return finish({ description, bundle: bundle.code, files }, tools)
  } catch (error) {
    if (error instanceof TrellisError) {
      const place = placeOfError(bundle.code, error)
      return refused([pluginFault(error.code, error.message, place ?? { file: entryFile, line: null })])
    }
    throw error
  }
}

type Evaluated = { description: PluginDescription; bundle: string; files: readonly PluginFile[] }

function finish(
  { description, bundle, files }: Evaluated,
  { eventTypes, limits }: Pick<BuildTools, 'eventTypes' | 'limits'>,
): BuiltPlugin | Refused {
  const { typeDefs = '', settings, rules, handlers } = description
  if (typeof typeDefs !== 'string')
    return refused([
      pluginFault('TYPEDEFS_MISSING', 'typeDefs has to be SDL text.', placeOf('typeDefs', files)),
    ])
  const functions = description.functions.flatMap(([type, fields]) =>
    fields.map((field) => `${type}.${field}`),
  )
  const { document, faults } = checkSdl(typeDefs, limits)
  const sdl = completeSdl(typeDefs, document)
  const { needs, faults: needsFaults } = readNeeds(description.needs, files)
  const errors = [
    ...settings.filter((name) => !knownSettings.has(name)).map((name) => unknownSetting(name, files)),
    ...(faults.length > 0 ? faults : schemaFaults(sdl)).map(({ code, message, line }) =>
      pluginFault(code, message, (line && findLineInFiles(typeDefs, line, files)) || nowhere),
    ),
    ...(faults.length === 0 ? lambdaFaults({ document, functions, rules, handlers, files }, eventTypes) : []),
    ...needsFaults,
  ]
  if (errors.length > 0) return refused(errors)
  const documents = collectDocuments(bundle)
  const digest = sha256([bundle, sdl, JSON.stringify([rules, handlers, needs, documents])].join('\0'))
  return { ok: true, digest, sdl, functions, rules, handlers, needs, documents, bundle }
}

function unknownSetting(name: string, files: readonly PluginFile[]): PluginError {
  return pluginFault('SETTING_UNKNOWN', `definePlugin knows no \`${name}\`.`, placeOf(name, files))
}

function refused(errors: PluginError[]): Refused {
  return { ok: false, errors }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
