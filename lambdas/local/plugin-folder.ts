import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import type { PluginFile } from '../../schema/plugin-build.ts'

/** A plugin's folder as its author named it, and what of it is deployed. */
export type PluginFolder = {
  /** As it was given: what faults are shown with. */
  path: string
  /** The folder's own name: whose plugin it is, unless the author says otherwise. */
  client: string
  files: PluginFile[]
}

const source = /\.(ts|js|mjs|json)$/
/** Beside the plugin, and no part of it: tests, and types that the platform has made for the editor. */
const beside = /\.test\.\w+$|\.d\.ts$/

export function isPluginFile(path: string): boolean {
  const hidden = path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules')
  return !hidden && source.test(path) && !beside.test(path)
}

/** Null where there is no `plugin.ts` in it. */
export async function readPluginFolder(path: string): Promise<PluginFolder | null> {
  const folder = resolve(path)
  if (!(await stat(join(folder, 'plugin.ts')).catch(() => null))) return null
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(isPluginFile)
    .sort()
  const files = await Promise.all(
    paths.map(async (name) => ({
      path: name.split(sep).join('/'),
      content: await readFile(join(folder, name), 'utf8'),
    })),
  )
  return { path, client: basename(folder), files }
}
