import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path/posix'
import ts from 'typescript'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'

/** The types of the client's graph; what `authorTypes` writes. */
export const declaredTypes = 'trellis.d.ts'

/**
 * What the type-checker says of a plugin's files.
 *
 * @param declared the text of `trellis.d.ts`, where it is not among the files
 * @returns `TS2339` and the like, with file and line
 */
export type CheckTypes = (files: readonly PluginFile[], declared: string | null) => PluginError[]

const root = '/plugin/'
const kitPath = '/sdk/plugin.ts'
const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  noUncheckedIndexedAccess: true,
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts'],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  skipLibCheck: true,
  paths: { '@trellis/sdk/plugin': [kitPath] },
}

/**
 * A type-checker that stays warm: what has not changed since the last call is not read again. Of this machine it reads
 * TypeScript's own libraries and the plugin kit, and nothing that a plugin names.
 */
export async function createCheckTypes(): Promise<CheckTypes> {
  const kit = await readFile(new URL('../../sdk/plugin.ts', import.meta.url), 'utf8')
  const libraries = dirname(ts.getDefaultLibFilePath(options))
  const files = new Map<string, { text: string; version: number }>([[kitPath, { text: kit, version: 0 }]])
  const isLibrary = (path: string) => dirname(path) === libraries
  const read = (path: string) =>
    files.get(path)?.text ?? (isLibrary(path) ? ts.sys.readFile(path) : undefined)
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...files.keys()],
    getScriptVersion: (path) => String(files.get(path)?.version ?? 0),
    getScriptSnapshot(path) {
      const text = read(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => files.has(path) || (isLibrary(path) && ts.sys.fileExists(path)),
    readFile: read,
    directoryExists: (path) =>
      path === libraries || [...files.keys()].some((name) => name.startsWith(`${path}/`)),
    getDirectories: () => [],
  })

  return (submitted, declared) => {
    const given = new Map(submitted.map(({ path, content }) => [root + path, content]))
    if (declared !== null && !given.has(root + declaredTypes)) given.set(root + declaredTypes, declared)
    for (const path of files.keys()) if (path !== kitPath && !given.has(path)) files.delete(path)
    for (const [path, text] of given) {
      const known = files.get(path)
      if (known?.text !== text) files.set(path, { text, version: (known?.version ?? 0) + 1 })
    }
    return [...given.keys()]
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
      .flatMap((path) => [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)])
      .map(toPluginError)
  }
}

function toPluginError({ code, messageText, file, start }: ts.Diagnostic): PluginError {
  return {
    code: `TS${code}`,
    message: ts.flattenDiagnosticMessageText(messageText, ' ').replaceAll(/\s+/g, ' '),
    file: file ? file.fileName.slice(root.length) : null,
    line: file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : null,
  }
}
