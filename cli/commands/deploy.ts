import type { PluginFolder } from '../../lambdas/local/plugin-folder.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'
import { deployFiles } from '../deploy-files.ts'

import { showFault } from '../show-fault.ts'

export type DeployOptions = {
  client: string
  message: string | null
  dryRun: boolean
}

/** The plugin in a folder as a release, or every fault of it with its place. */
export async function deploy(
  connection: Connection,
  { path, files }: PluginFolder,
  options: DeployOptions,
): Promise<CommandResult> {
  const startedAt = performance.now()
  const answer = await deployFiles(connection, { ...options, files })
  const { number, errors, functions } = answer
  const ms = Math.round(performance.now() - startedAt)
  if (errors.length > 0) {
    const lines = errors.map((error) => showFault(error, path))
    return { ok: false, value: answer, lines: [...lines, refusal(options, errors.length)] }
  }
  const line = options.dryRun
    ? `${options.client}: would be release ${number}, with ${count(functions.length, 'lambda')}; nothing was changed`
    : `${options.client}: release ${number} served in ${ms} ms, with ${count(functions.length, 'lambda')}`
  return { ok: true, value: answer, lines: [line] }
}

function refusal({ client, dryRun }: DeployOptions, errors: number): string {
  return `${client}: ${count(errors, 'fault')}, ${dryRun ? 'would be refused' : 'refused; what ran goes on running'}`
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
