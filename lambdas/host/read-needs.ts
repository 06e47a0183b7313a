import { z } from 'zod'
import {
  type PluginError,
  type PluginFile,
  type PluginNeeds,
  pluginScopes,
} from '../../schema/plugin-build.ts'
import { placeOf, pluginFault } from './plugin-fault.ts'

const needsSchema = z.strictObject({
  scopes: z.array(z.string()).max(100).default([]),
  egress: z.array(z.string().max(253)).max(100).default([]),
})
const knownScopes: ReadonlySet<string> = new Set(pluginScopes)
const hostName = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

/** A plugin's `needs`, each once and in order, so that the same needs are the same build. */
export function readNeeds(
  declared: unknown,
  files: readonly PluginFile[],
): { needs: PluginNeeds; faults: PluginError[] } {
  const parsed = needsSchema.safeParse(declared)
  if (!parsed.success) {
    const message = `needs is { scopes, egress }, two lists of texts: ${z.prettifyError(parsed.error)}`
    return {
      needs: { scopes: [], egress: [] },
      faults: [pluginFault('NEEDS_INVALID', message, placeOf('needs', files))],
    }
  }
  const { scopes, egress } = parsed.data
  return {
    needs: { scopes: sortedOnce(scopes), egress: sortedOnce(egress) },
    faults: [
      ...scopes
        .filter((scope) => !knownScopes.has(scope))
        .map((scope) =>
          pluginFault(
            'SCOPE_UNKNOWN',
            `There is no scope "${scope}"; there are ${pluginScopes.join(', ')}.`,
            placeOf(scope, files),
          ),
        ),
      ...egress
        .filter((host) => !hostName.test(host))
        .map((host) =>
          pluginFault(
            'EGRESS_INVALID',
            `"${host}" is no name of a host in small letters: no scheme, port, path, address or "*".`,
            placeOf(host, files),
          ),
        ),
    ],
  }
}

function sortedOnce(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort()
}
