import { openPluginTypes, type PluginTypes, readGraph, uncheckedBecause } from '../../cli/plugin-types.ts'
import { showFault } from '../../cli/show-fault.ts'
import { callGraphQL } from '../../foundation/call-graphql.ts'
import type { Close } from '../../foundation/closing.ts'
import type { DemoPlugin } from './demo-plugins.ts'

export type TypeWatch = {
  /** Has the types of what is served now looked at, in a thread of their own; faults are told when they are found. */
  released(release: TypedRelease): void
  close: Close
}

export type TypedRelease = { client: string; deployKey: string; plugin: DemoPlugin }

/** @param say prints a line for people */
export function openTypeWatch(endpoint: string, say: (line: string) => void): TypeWatch {
  const newest = new Map<string, DemoPlugin>()
  let types: PluginTypes | null = null
  let work = Promise.resolve()
  let isClosing = false

  /** What was saved once more meanwhile is not worth a look, nor a word. */
  const isNewest = ({ client, plugin }: TypedRelease) => !isClosing && newest.get(client) === plugin

  async function look(release: TypedRelease): Promise<void> {
    if (!isNewest(release)) return
    const { client, deployKey, plugin } = release
    types ??= openPluginTypes()
    const graph = await readGraph(
      {
        call: (document, variables) =>
          callGraphQL(endpoint, { document, variables, credentials: { apiKey: deployKey } }),
      },
      client,
    )
    const faults = await types.check(plugin.folder.files, graph)
    if (!isNewest(release) || faults.length === 0) return
    for (const fault of faults) say(showFault(fault, plugin.folder.path))
    say(`${client}: its types are wrong; the release is served, and npx trellis deploy would refuse it`)
  }

  if (uncheckedBecause !== null) say(uncheckedBecause)
  return {
    released(release) {
      if (uncheckedBecause !== null) return
      newest.set(release.client, release.plugin)
      work = work
        .then(() => look(release))
        .catch((error) => {
          if (!isClosing) say(`${release.client}: its types could not be checked (${error.message})`)
        })
    },
    async close() {
      isClosing = true
      // What is being checked ends with its thread.
      await types?.[Symbol.asyncDispose]()
      await work
    },
  }
}
