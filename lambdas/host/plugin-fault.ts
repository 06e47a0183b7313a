import { findInFiles } from '../../foundation/find-in-files.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'

/** A fault of the whole plugin, or of a place in it. */
export function pluginFault(
  code: string,
  message: string,
  place: { file: string | null; line: number | null } = { file: null, line: null },
): PluginError {
  return { code, message, ...place }
}

/** Where a text stands, or else the file that says what the plugin is. */
export function placeOf(
  text: string,
  files: readonly PluginFile[],
): { file: string | null; line: number | null } {
  return findInFiles(text, files) ?? { file: entryFile, line: null }
}

export const entryFile = 'plugin.ts'
