import { createHash } from 'node:crypto'
import { print } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { BuiltParts, PluginBuild, PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { bundlePlugin } from './bundle-plugin.ts'
import { lambdaFaults } from './check-lambdas.ts'
import { checkSdl, missingScalars } from './check-sdl.ts'
import type { CoreTypes } from './core-types.ts'
import type { PluginDescription } from './plugin-description.ts'
import { entryFile, placeOf, pluginFault } from './plugin-fault.ts'
import { buildPluginSchema } from './plugin-schema.ts'
import { readNeeds } from './read-needs.ts'

export type BuildTools = {
  core: CoreTypes
  /** The types of events that the platform publishes. */
  eventTypes: ReadonlySet<string>
  /** Evaluates the bundle in an isolate of its own. @throws {TrellisError} LAMBDA_… */
  describe(digest: string, bundle: string): Promise<PluginDescription>
}

export type BuiltPlugin = { ok: true; bundle: string } & BuiltParts
type Refused = Extract<PluginBuild, { ok: false }>

const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", "@shareable"])'
const knownSettings: ReadonlySet<string> = new Set(['typeDefs', 'resolvers', 'rules', 'on', 'needs'])

/** From the submitted files to a build that can be composed and run, or to every fault that was found. */
export async function buildPlugin(
  files: readonly PluginFile[],
  tools: BuildTools,
): Promise<BuiltPlugin | Refused> {
  if (!files.some((file) => file.path === entryFile))
    return refused([pluginFault('ENTRY_MISSING', `There is no ${entryFile} among the files.`)])
  const bundle = await bundlePlugin(files)
  if (!bundle.ok) return bundle
  try {
    const description = await tools.describe(sha256(bundle.code), bundle.code)
    return finish({ description, bundle: bundle.code, files }, tools)
  } catch (error) {
    if (error instanceof TrellisError)
      return refused([pluginFault(error.code, error.message, { file: entryFile, line: null })])
    throw error
  }
}

type Evaluated = { description: PluginDescription; bundle: string; files: readonly PluginFile[] }

function finish(
  { description, bundle, files }: Evaluated,
  { core, eventTypes }: BuildTools,
): BuiltPlugin | Refused {
  const { typeDefs, settings, rules, handlers } = description
  if (typeof typeDefs !== 'string')
    return refused([
      pluginFault('TYPEDEFS_MISSING', 'typeDefs has to be SDL text.', { file: entryFile, line: null }),
    ])
  const functions = description.functions.flatMap(([type, fields]) =>
    fields.map((field) => `${type}.${field}`),
  )
  const { document, faults } = checkSdl(typeDefs, core)
  const place = sdlPlace(typeDefs, files)
  const declaredNeeds = readNeeds(description.needs, files)
  const errors = [
    ...settings.filter((name) => !knownSettings.has(name)).map((name) => unknownSetting(name, files)),
    ...faults.map(({ code, message, line }) =>
      pluginFault(code, message, {
        file: place?.file ?? null,
        line: line && line + (place?.linesBefore ?? 0),
      }),
    ),
    ...(faults.length === 0 ? lambdaFaults({ document, functions, rules, handlers, files }, eventTypes) : []),
    ...declaredNeeds.faults,
  ]
  if (errors.length > 0) return refused(errors)
  const sdl = [federation, ...missingScalars(document).map((name) => `scalar ${name}`), print(document)].join(
    '\n\n',
  )
  try {
    buildPluginSchema(sdl, functions)
  } catch (error) {
    return refused([pluginFault('SDL_INVALID', String(error), { file: place?.file ?? null, line: null })])
  }
  const { needs } = declaredNeeds
  const digest = sha256([bundle, sdl, JSON.stringify([rules, handlers, needs])].join('\0'))
  return { ok: true, digest, sdl, functions, rules, handlers, needs, bundle }
}

function unknownSetting(name: string, files: readonly PluginFile[]): PluginError {
  return pluginFault('SETTING_UNKNOWN', `definePlugin knows no \`${name}\`.`, placeOf(name, files))
}

/** Where the SDL stands in the author's files, so that a fault names their line and not one of a text they never saw. */
function sdlPlace(sdl: string, files: readonly PluginFile[]): { file: string; linesBefore: number } | null {
  for (const { path, content } of files) {
    const at = content.indexOf(sdl)
    if (at >= 0) return { file: path, linesBefore: content.slice(0, at).split('\n').length - 1 }
  }
  return null
}

function refused(errors: PluginError[]): Refused {
  return { ok: false, errors }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
