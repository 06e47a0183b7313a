import type { PluginError, PluginFile } from '../schema/plugin-build.ts'
import type { Connection } from './connection.ts'

export type DeployRequest = {
  client: string
  files: readonly PluginFile[]
  message: string | null
  dryRun: boolean
}

/** A release, or what it would be; it is served only where `errors` is empty. */
export type DeployAnswer = {
  number: number
  active: boolean
  errors: PluginError[]
  functions: { name: string }[]
}

const document = `mutation Deploy($client: String!, $files: [PluginFile!]!, $message: String, $dryRun: Boolean) {
  deployPlugin(client: $client, files: $files, message: $message, dryRun: $dryRun) {
    number active errors { code message file line } functions { name }
  }
}`

/** Sends a plugin's files to the platform, which checks, bundles, composes and serves them, or says why not. */
export async function deployFiles(
  { call }: Pick<Connection, 'call'>,
  request: DeployRequest,
): Promise<DeployAnswer> {
  const { deployPlugin } = await call<{ deployPlugin: DeployAnswer }>(document, request)
  return deployPlugin
}
