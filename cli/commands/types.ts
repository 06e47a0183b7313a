import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { watch } from 'chokidar'
import { isPluginFile, type PluginFolder } from '../../lambdas/local/plugin-folder.ts'
import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'
import { type ClientGraph, openPluginTypes, readGraph } from '../plugin-types.ts'
import { showFault } from '../show-fault.ts'

/** As the type-checker looks for it (lambdas/authoring/check-types.ts), which takes half a second to load. */
const declaredTypes = 'trellis.d.ts'

/** Writes `trellis.d.ts` beside the plugin. */
export async function types(
  connection: Connection,
  folder: PluginFolder,
  client: string,
): Promise<CommandResult> {
  const file = join(folder.path, declaredTypes)
  const text = await textFor(folder, await readGraph(connection, client))
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== text) await writeFile(file, text)
  const line = before === text ? `${file} is as it should be` : `${file} written`
  return { ok: true, value: { file, changed: before !== text }, lines: [line] }
}

async function textFor({ path, files }: PluginFolder, of: ClientGraph): Promise<string> {
  await using types = openPluginTypes()
  const declared = await types.declare(files, of)
  if (declared.ok) return declared.text
  throw new CommandError(declared.errors.map((error) => showFault(error, path)).join('\n'))
}

/** One save is several events, of which the watcher leaves out those within 50 ms of another. */
const settlesWithinMs = 60

export type Saves = {
  /** Calls come one at a time. */
  again(): Promise<void>
  /** From now on saves are seen. */
  onReady(): void
  /** Ends it. */
  signal: AbortSignal
}

/** Calls `again` whenever a file of the plugin was saved. */
export async function onSave(folder: string, { again, onReady, signal }: Saves): Promise<void> {
  let work = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => stats?.isFile() === true && !isPluginFile(relative(folder, path)),
  })
  watcher.once('ready', onReady)
  watcher.on('all', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      work = work.then(again)
    }, settlesWithinMs)
  })
  await new Promise((ended) => signal.addEventListener('abort', ended, { once: true }))
  clearTimeout(timer)
  await watcher.close()
  await work
}
