import { sep } from 'node:path'
import { watch } from 'chokidar'
import { CallError, UnreachableError } from '../../foundation/call-graphql.ts'
import type { Close } from '../../foundation/closing.ts'
import { isPluginFile } from '../../lambdas/local/plugin-folder.ts'
import type { DemoSecrets } from '../secrets.ts'
import { type DemoPlugin, deployDemoPlugin, faultsOf, readDemoPlugin } from './demo-plugins.ts'
import { openTypeWatch, type TypeWatch } from './watch-types.ts'

export type WatchOptions = {
  endpoint: string
  /** Has a folder for each client. */
  folder: string
  demo: DemoSecrets
  /** Notes what is deployed, so that the next start does not do it again. */
  keep: (demo: DemoSecrets) => Promise<void>
  /** Prints a line for people. */
  say: (line: string) => void
}

/** One save of an editor is several events, and one of several files some more. */
const settlesWithinMs = 60

/**
 * In development, saving a file of a demo client's plugin is a release: served within moments, or refused with the
 * place of every fault while the running release stays. Its types are looked at once it is served.
 */
export async function watchPlugins(options: WatchOptions): Promise<{ close: Close }> {
  const { endpoint, folder, demo, say } = options
  const types = openTypeWatch(endpoint, say)
  const state = createState(options, types)
  const clients = new Map(Object.keys(demo.clients).map((client) => [client, watchOne(client)]))

  function watchOne(client: string) {
    let timer: NodeJS.Timeout | undefined
    let work = Promise.resolve()
    const release = () => {
      work = work.then(() => state.release(client)).catch((error) => say(`${client}: ${told(error)}`))
    }
    return {
      saved() {
        clearTimeout(timer)
        timer = setTimeout(release, settlesWithinMs)
      },
      async close() {
        clearTimeout(timer)
        await work
      },
    }
  }

  await Promise.all([...clients.keys()].map(state.remember))
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (path, stats) => stats?.isFile() === true && !isPluginFile(path.slice(folder.length + 1)),
  })
  watcher.on('all', (_event, path) => {
    const [client = ''] = path.slice(folder.length + 1).split(sep)
    clients.get(client)?.saved()
  })
  watcher.on('error', (error) => say(`${folder} cannot be watched: ${told(error)}`))
  const ready = Promise.withResolvers<void>()
  watcher.once('ready', ready.resolve)
  await ready.promise

  return {
    async close() {
      await watcher.close()
      for (const client of clients.values()) await client.close()
      await types.close()
    },
  }
}

/** What was last tried of each client: a save that changes nothing is no release. */
function createState({ endpoint, folder, demo, keep, say }: WatchOptions, types: TypeWatch) {
  const tried = new Map<string, string>()
  let plugins = demo.plugins

  async function deploy(client: string, plugin: DemoPlugin): Promise<void> {
    const deployKey = demo.clients[client]?.deployKey ?? ''
    const startedAt = performance.now()
    const answer = await deployDemoPlugin(plugin, { endpoint, client, deployKey, message: 'saved' })
    const ms = Math.round(performance.now() - startedAt)
    const faults = faultsOf(answer, plugin)
    for (const fault of faults) say(fault)
    say(
      faults.length > 0
        ? `${client}: refused; what ran goes on running`
        : `${client}: release ${answer.number} served in ${ms} ms`,
    )
    if (faults.length > 0) return
    types.released({ client, deployKey, plugin })
    plugins = { ...plugins, [client]: plugin.digest }
    await keep({ ...demo, plugins })
  }

  return {
    async remember(client: string) {
      const plugin = await readDemoPlugin(folder, client)
      if (plugin) tried.set(client, plugin.digest)
    },
    async release(client: string) {
      const plugin = await readDemoPlugin(folder, client)
      if (!plugin || plugin.digest === tried.get(client)) return
      tried.set(client, plugin.digest)
      await deploy(client, plugin)
    },
  }
}

function told(error: unknown): string {
  const expected = error instanceof CallError || error instanceof UnreachableError
  return expected || error instanceof Error ? error.message : String(error)
}
