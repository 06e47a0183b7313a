import type { PluginFolder } from '../../lambdas/local/plugin-folder.ts'
import type { PluginError } from '../../schema/plugin-build.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'
import { deployFiles } from '../deploy-files.ts'
import { openPluginTypes, readGraph, uncheckedBecause } from '../plugin-types.ts'
import { showFault } from '../show-fault.ts'

export type DeployOptions = {
  client: string
  message: string | null
  dryRun: boolean
  /** Against the client's graph, before anything is changed. */
  typeCheck: boolean
}

/** The plugin in a folder as a release, or every fault of it with its place. */
export async function deploy(
  connection: Connection,
  folder: PluginFolder,
  options: DeployOptions,
): Promise<CommandResult> {
  const { client, message, dryRun, typeCheck } = options
  const isChecked = typeCheck && uncheckedBecause === null
  const faults = isChecked ? await faultsBefore(connection, folder, client) : []
  if (faults.length > 0) {
    const hint = faults.some(isOfTypes) ? ' (--no-type-check leaves types to you)' : ''
    const last = `${client}: ${count(faults.length, 'fault')}, nothing was changed${hint}`
    return refused(faults, folder, { value: { active: false, errors: faults }, last })
  }
  const startedAt = performance.now()
  const answer = await deployFiles(connection, { client, message, dryRun, files: folder.files })
  const { number, errors, functions } = answer
  const ms = Math.round(performance.now() - startedAt)
  const value = { ...answer, typesChecked: isChecked }
  if (errors.length > 0) {
    const end = dryRun ? 'would be refused' : 'refused; what ran goes on running'
    return refused(errors, folder, { value, last: `${client}: ${count(errors.length, 'fault')}, ${end}` })
  }
  const lambdas = count(functions.length, 'lambda')
  const line = dryRun
    ? `${client}: would be release ${number}, with ${lambdas}; nothing was changed`
    : `${client}: release ${number} served in ${ms} ms, with ${lambdas}`
  const note = typeCheck && uncheckedBecause ? [`${client}: ${uncheckedBecause}`] : []
  return { ok: true, value, lines: [...note, line] }
}

/**
 * Faults of its types; or else those from which they are wrong, too, and which say it better: of its own SDL, and of what
 * the platform has against it, which it is asked for only then.
 */
async function faultsBefore(
  connection: Connection,
  { files }: PluginFolder,
  client: string,
): Promise<PluginError[]> {
  await using types = openPluginTypes()
  const faults = await types.check(files, await readGraph(connection, client))
  if (!faults.some(isOfTypes)) return faults
  const { errors } = await deployFiles(connection, { client, message: null, dryRun: true, files })
  // What an operator has yet to grant makes no types wrong.
  const causes = errors.filter(({ code }) => code !== 'NEEDS_NOT_GRANTED')
  return causes.length > 0 ? causes : faults
}

function isOfTypes({ code }: PluginError): boolean {
  return /^(TS\d|TYPES_)/.test(code)
}

function refused(
  errors: readonly PluginError[],
  { path }: PluginFolder,
  { value, last }: { value: unknown; last: string },
): CommandResult {
  return { ok: false, value, lines: [...errors.map((error) => showFault(error, path)), last] }
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
