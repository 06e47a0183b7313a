import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { watch } from 'chokidar'
import { isPluginFile, type PluginFolder } from '../../lambdas/local/plugin-folder.ts'
import { readGraph, typesFor } from '../author-types.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'

/** As the type-checker looks for it (lambdas/authoring/check-types.ts), which takes half a second to load. */
const declaredTypes = 'trellis.d.ts'

/** Writes `trellis.d.ts` beside the plugin. */
export async function types(
  connection: Connection,
  folder: PluginFolder,
  client: string,
): Promise<CommandResult> {
  const file = join(folder.path, declaredTypes)
  const text = await typesFor(folder, client, await readGraph(connection, client))
  const before = await readFile(file, 'utf8').catch(() => null)
  if (before !== text) await writeFile(file, text)
  const line = before === text ? `${file} is as it should be` : `${file} written`
  return { ok: true, value: { file, changed: before !== text }, lines: [line] }
}

/** Calls `again` whenever a file of the plugin was saved, one at a time, until the signal. */
export async function onSave(folder: string, again: () => Promise<void>, signal: AbortSignal): Promise<void> {
  let work = Promise.resolve()
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => stats?.isFile() === true && !isPluginFile(path.slice(folder.length + 1)),
  })
  watcher.on('all', () => {
    work = work.then(again)
  })
  await new Promise((ended) => signal.addEventListener('abort', ended, { once: true }))
  await watcher.close()
  await work
}
