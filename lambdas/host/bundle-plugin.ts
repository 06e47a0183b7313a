import { readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { build, type Loader, type Message, type OnResolveResult, type Plugin } from 'esbuild'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { type BuildLimits, defaultBuildLimits } from './build-limits.ts'
import { scriptOf } from './bundle-places.ts'
import { entryFile } from './plugin-fault.ts'

const kitName = '@trellis/sdk/plugin'
const kit = new URL('../../sdk/plugin.ts', import.meta.url)
const loaders: Readonly<Record<string, Loader>> = { '.ts': 'ts', '.js': 'js', '.mjs': 'js', '.json': 'json' }

export type Bundle = { ok: true; code: string } | { ok: false; errors: PluginError[] }

/**
 * One script out of the submitted files and the plugin kit. esbuild left to itself would read any file of this host
 * that an import names, so nothing is ever resolved on the disk: what is not in `files` does not exist.
 */
export async function bundlePlugin(
  files: readonly PluginFile[],
  { bundleChars }: Pick<BuildLimits, 'bundleChars'> = defaultBuildLimits,
): Promise<Bundle> {
  try {
    const result = await build({
      entryPoints: [entryFile],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: '__plugin',
      platform: 'neutral',
      target: 'es2024',
      charset: 'utf8',
      // So that what is thrown can be told with file and line (bundle-places.ts).
      sourcemap: 'inline',
      sourcesContent: false,
      logLevel: 'silent',
      // An empty one given here keeps esbuild from looking for a tsconfig.json on the disk.
      tsconfigRaw: {},
      plugins: [inMemory(files, await readFile(kit, 'utf8'))],
    })
    const code = result.outputFiles[0]?.text ?? ''
    const { length } = scriptOf(code)
    if (length > bundleChars)
      return failed('BUNDLE_TOO_LARGE', `The bundle has ${length} characters, and may have ${bundleChars}.`)
    return { ok: true, code }
  } catch (error) {
    if (isBuildFailure(error)) return { ok: false, errors: error.errors.map(toPluginError) }
    throw error
  }
}

function inMemory(files: readonly PluginFile[], kitSource: string): Plugin {
  const contents = new Map(files.map((file) => [posix.normalize(file.path), file.content]))
  const resolve = (path: string, importer: string): OnResolveResult => {
    if (path === kitName) return { path: kitName, namespace: 'kit' }
    const wanted = posix.normalize(posix.join(posix.dirname(importer), path))
    const relative = importer === '' || path.startsWith('./') || path.startsWith('../')
    const found = [wanted, `${wanted}.ts`, `${wanted}.js`].find((candidate) => contents.has(candidate))
    if (relative && found !== undefined) return { path: found, namespace: 'plugin' }
    return {
      errors: [
        {
          text: `"${path}" is not among the submitted files, and a plugin can import nothing else than them and "${kitName}".`,
        },
      ],
    }
  }
  return {
    name: 'submitted-files-only',
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, importer }) => resolve(path, importer))
      build.onLoad({ filter: /.*/, namespace: 'kit' }, () => ({ contents: kitSource, loader: 'ts' }))
      build.onLoad({ filter: /.*/, namespace: 'plugin' }, ({ path }) => {
        const loader = loaders[posix.extname(path)]
        if (!loader) return { errors: [{ text: `A plugin is made of .ts, .js and .json files.` }] }
        return { contents: contents.get(path) ?? '', loader }
      })
      // Whatever esbuild would take from the disk itself.
      build.onLoad({ filter: /.*/ }, () => ({ errors: [{ text: 'Only submitted files can be bundled.' }] }))
    },
  }
}

function toPluginError({ text, location }: Message): PluginError {
  return {
    code: 'BUNDLE_FAILED',
    message: text,
    file: location?.file.replace(/^plugin:/, '') ?? null,
    line: location?.line ?? null,
  }
}

function failed(code: string, message: string): Bundle {
  return { ok: false, errors: [{ code, message, file: null, line: null }] }
}

function isBuildFailure(error: unknown): error is { errors: Message[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}
