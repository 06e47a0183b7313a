import { createHash } from 'node:crypto'
import { type DocumentNode, Kind, print } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { PluginBuild, PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { bundlePlugin, entryFile } from './bundle-plugin.ts'
import { checkSdl, missingScalars } from './check-sdl.ts'
import type { CoreTypes } from './core-types.ts'
import { buildPluginSchema } from './plugin-schema.ts'

/** What a plugin's evaluation says of itself. */
export type PluginDescription = {
  typeDefs: unknown
  settings: string[]
  functions: [type: string, fields: string[]][]
}

export type BuildTools = {
  core: CoreTypes
  /** Evaluates the bundle in an isolate of its own. @throws {TrellisError} LAMBDA_… */
  describe(digest: string, bundle: string): Promise<PluginDescription>
}

export type BuiltPlugin = Extract<PluginBuild, { ok: true }> & { bundle: string }

const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", "@shareable"])'
const knownSettings: ReadonlySet<string> = new Set(['typeDefs', 'resolvers'])
const laterSettings: ReadonlySet<string> = new Set(['rules', 'on', 'needs'])

/** From the submitted files to a build that can be composed and run, or to every fault that was found. */
export async function buildPlugin(
  files: readonly PluginFile[],
  tools: BuildTools,
): Promise<BuiltPlugin | Extract<PluginBuild, { ok: false }>> {
  if (!files.some((file) => file.path === entryFile))
    return refused([fault('ENTRY_MISSING', `There is no ${entryFile} among the files.`)])
  const bundle = await bundlePlugin(files)
  if (!bundle.ok) return bundle
  const digestOfBundle = sha256(bundle.code)
  try {
    const description = await tools.describe(digestOfBundle, bundle.code)
    return finish({ description, bundle: bundle.code, files }, tools.core)
  } catch (error) {
    if (error instanceof TrellisError)
      return refused([{ ...fault(error.code, error.message), file: entryFile }])
    throw error
  }
}

type Evaluated = { description: PluginDescription; bundle: string; files: readonly PluginFile[] }

function finish(
  { description, bundle, files }: Evaluated,
  core: CoreTypes,
): BuiltPlugin | Extract<PluginBuild, { ok: false }> {
  const { typeDefs, settings } = description
  if (typeof typeDefs !== 'string')
    return refused([{ ...fault('TYPEDEFS_MISSING', 'typeDefs has to be SDL text.'), file: entryFile }])
  const functions = description.functions.flatMap(([type, fields]) =>
    fields.map((field) => `${type}.${field}`),
  )
  const { document, faults } = checkSdl(typeDefs, core)
  const place = sdlPlace(typeDefs, files)
  const errors = [
    ...settings.flatMap(settingFaults),
    ...faults.map((one) => ({
      ...one,
      file: place?.file ?? null,
      line: one.line && one.line + (place?.linesBefore ?? 0),
    })),
    ...(faults.length === 0 ? resolverFaults(document, functions) : []),
  ]
  if (errors.length > 0) return refused(errors)
  const sdl = [federation, ...missingScalars(document).map((name) => `scalar ${name}`), print(document)].join(
    '\n\n',
  )
  try {
    buildPluginSchema(sdl, functions)
  } catch (error) {
    return refused([{ ...fault('SDL_INVALID', String(error)), file: place?.file ?? null }])
  }
  return { ok: true, digest: sha256(`${bundle}\0${sdl}`), sdl, functions, bundle }
}

function settingFaults(name: string): PluginError[] {
  if (knownSettings.has(name)) return []
  return laterSettings.has(name)
    ? [{ ...fault('NOT_AVAILABLE_YET', `\`${name}\` is not available yet.`), file: entryFile }]
    : [{ ...fault('SETTING_UNKNOWN', `definePlugin knows no \`${name}\`.`), file: entryFile }]
}

/** Every resolver has its field; every field that nothing else can answer has its resolver. */
function resolverFaults(document: DocumentNode, functions: readonly string[]): PluginError[] {
  const answered = new Set(functions)
  const declared = new Set<string>()
  const errors: PluginError[] = []
  for (const node of document.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
    const type = node.name.value
    for (const field of node.fields ?? []) {
      const name = `${type}.${field.name.value}`
      declared.add(name)
      if ((type === 'Query' || type === 'Mutation') && !answered.has(name))
        errors.push({ ...fault('FIELD_WITHOUT_RESOLVER', `${name} has no resolver.`), file: entryFile })
    }
  }
  const without = functions.filter((name) => !declared.has(name))
  return [
    ...errors,
    ...without.map((name) => ({
      ...fault('RESOLVER_WITHOUT_FIELD', `${name} is not in typeDefs.`),
      file: entryFile,
    })),
  ]
}

/** Where the SDL stands in the author's files, so that a fault names their line and not one of a text they never saw. */
function sdlPlace(sdl: string, files: readonly PluginFile[]): { file: string; linesBefore: number } | null {
  for (const { path, content } of files) {
    const at = content.indexOf(sdl)
    if (at >= 0) return { file: path, linesBefore: content.slice(0, at).split('\n').length - 1 }
  }
  return null
}

function refused(errors: PluginError[]): Extract<PluginBuild, { ok: false }> {
  return { ok: false, errors }
}

function fault(code: string, message: string): PluginError {
  return { code, message, file: null, line: null }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
