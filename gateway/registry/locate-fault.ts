import { GraphQLError } from 'graphql'
import { findInFiles, findLineInFiles, type Place } from '../../foundation/find-in-files.ts'
import { type PluginError, type PluginFile, platformAddition } from '../../schema/plugin-build.ts'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'
import { parseSource } from '../composition/parse-source.ts'

/** What a build, or a release, was made of. */
export type PluginSource = { sdl: string; files: readonly PluginFile[] }

/**
 * Where in an author's files a fault is: where it says itself, or, found without them, in the line of the SDL that it
 * names, or else where the SDL declares the first of the names in its message that it has, or where one of them stands.
 */
export function locateFault(
  { code, message, subgraph, file, line }: CompositionError,
  { sdl, files }: PluginSource,
): PluginError {
  if (file !== undefined) return { code, message, file, line: line ?? null }
  const end = sdl.lastIndexOf(platformAddition)
  const typeDefs = end < 0 ? sdl : sdl.slice(0, end)
  const names = namesIn(message)
  const inSdl = (subgraph === pluginSubgraph && line) || declaredAt(sdl, names)
  const place = (inSdl && findLineInFiles(typeDefs, inSdl, files)) || placeOfNames(names, files)
  return { code, message, file: place?.file ?? null, line: place?.line ?? null }
}

/** Whether a fault is the plugin's own. Composition names the subgraphs between which it found it. */
export function concernsPlugin({ subgraph, message }: CompositionError): boolean {
  return subgraph === pluginSubgraph || (subgraph === null && namesIn(message).includes(pluginSubgraph))
}

/** The line of the first of these fields that the SDL has. */
function declaredAt(sdl: string, names: readonly string[]): number | null {
  for (const name of names) {
    const [type, field, ...more] = name.split('.')
    if (field === undefined || more.length > 0) continue
    for (const node of definitionsOf(sdl)) {
      if (!('fields' in node && 'name' in node) || node.name?.value !== type) continue
      const line = node.fields?.find((one) => one.name.value === field)?.name.loc?.startToken.line
      if (line !== undefined) return line
    }
  }
  return null
}

function definitionsOf(sdl: string) {
  try {
    return parseSource(sdl).typeDefs.definitions
  } catch (error) {
    if (error instanceof GraphQLError) return []
    throw error
  }
}

/** `"Type.field"` may be written whole, as the name of a rule is, or as a field within its type. */
function placeOfNames(names: readonly string[], files: readonly PluginFile[]): Place | null {
  for (const name of names.filter((name) => name !== pluginSubgraph)) {
    const [type = '', field, ...more] = name.split('.')
    const spellings = field === undefined || more.length > 0 ? [name] : [name, field, type]
    for (const spelling of spellings) {
      const place = findInFiles(spelling, files)
      if (place) return place
    }
  }
  return null
}

/** `"@?Type.field"` */
function namesIn(message: string): string[] {
  return [...message.matchAll(/"@?([\w.:-]+)(?:\([\w:, ]*\))?"/g)].map(([, name = '']) => name)
}
