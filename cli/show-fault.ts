import { join } from 'node:path'
import type { PluginError } from '../schema/plugin-build.ts'

/**
 * A fault as compilers write it, so that editors and terminals find the place:
 * `clients/acme/plugin.ts:12  FIELD_WITHOUT_RESOLVER  Query.tiers has no resolver.`
 *
 * @param folder the plugin's, as its author named it
 */
export function showFault({ code, message, file, line }: PluginError, folder: string): string {
  const place = file === null ? folder : `${join(folder, file)}${line === null ? '' : `:${line}`}`
  return `${place}  ${code}  ${message}`
}
