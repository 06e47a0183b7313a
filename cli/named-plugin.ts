import { basename, join, resolve } from 'node:path'
import { type PluginFolder, readPluginFolder } from '../lambdas/local/plugin-folder.ts'
import { CommandError } from './command-error.ts'

/** The plugin in the folder that was named. @throws {CommandError} when there is none */
export async function namedPlugin(path: string): Promise<PluginFolder> {
  const folder = await readPluginFolder(path)
  if (folder) return folder
  throw new CommandError(
    `${join(path, 'plugin.ts')} is not there: name the folder of a plugin, as in clients/acme.`,
  )
}

/** `acme`, `clients/acme` and `.` in that folder all name the client acme. */
export function clientOf(name: string): string {
  return basename(resolve(name))
}
