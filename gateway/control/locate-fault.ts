import { findInFiles, findLineInFiles } from '../../foundation/find-in-files.ts'
import { type PluginError, type PluginFile, platformAddition } from '../../schema/plugin-build.ts'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'

/**
 * Where in an author's files a fault is that was found without them: in the line of the SDL that it names, or else where
 * the first of the names in its message stands.
 *
 * @param sdl of the build
 */
export function locateFault(
  { code, message, subgraph, line }: CompositionError,
  sdl: string,
  files: readonly PluginFile[],
): PluginError {
  const end = sdl.lastIndexOf(platformAddition)
  const typeDefs = end < 0 ? sdl : sdl.slice(0, end)
  const inSdl = subgraph === pluginSubgraph && line ? findLineInFiles(typeDefs, line, files) : null
  const { file, line: found } = inSdl ?? placeOfNames(message, files) ?? { file: null, line: null }
  return { code, message, file, line: found }
}

function placeOfNames(message: string, files: readonly PluginFile[]) {
  for (const name of namesIn(message)) {
    const place = findInFiles(name, files)
    if (place) return place
  }
  return null
}

/** `"@?Type.field"` may be written whole, as the name of a rule is, or as a field within its type. */
function namesIn(message: string): string[] {
  return [...message.matchAll(/"@?([\w.:-]+)(?:\([\w:, ]*\))?"/g)].flatMap(([, name = '']) => {
    const [type = '', field, ...more] = name.split('.')
    return field === undefined || more.length > 0 ? [name] : [name, field, type]
  })
}
