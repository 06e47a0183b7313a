import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import { type DeployAnswer, deployFiles } from '../../cli/deploy-files.ts'
import { showFault } from '../../cli/show-fault.ts'
import { callGraphQL } from '../../foundation/call-graphql.ts'
import { type PluginFolder, readPluginFolder } from '../../lambdas/local/plugin-folder.ts'

export type DemoPlugin = { folder: PluginFolder /** SHA-256 over all of it, hexadecimal. */; digest: string }

export type DeployDemoPlugin = {
  endpoint: string
  client: string
  deployKey: string
  /** What people find in the list of releases. */
  message: string
}

/** The plugin in `<folder>/<client>/`. Null where there is none. */
export async function readDemoPlugin(folder: string, client: string): Promise<DemoPlugin | null> {
  const plugin = await readPluginFolder(relative('', join(folder, client)))
  if (!plugin) return null
  const digest = createHash('sha256').update(JSON.stringify(plugin.files)).digest('hex')
  return { folder: plugin, digest }
}

/** @throws {CallError}, {UnreachableError} */
export function deployDemoPlugin(plugin: DemoPlugin, options: DeployDemoPlugin): Promise<DeployAnswer> {
  const { endpoint, client, deployKey, message } = options
  return deployFiles(
    {
      call: (document, variables) =>
        callGraphQL(endpoint, { document, variables, credentials: { apiKey: deployKey } }),
    },
    { client, files: plugin.folder.files, message, dryRun: false },
  )
}

/** The faults of a plugin that was refused, each with its place. */
export function faultsOf({ errors }: DeployAnswer, { folder }: DemoPlugin): string[] {
  return errors.map((error) => showFault(error, folder.path))
}
