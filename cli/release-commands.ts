import type { Command } from 'commander'
import { type CommandContext, type RemoteOptions, remote, wholeNumber } from './command-context.ts'
import { deploy } from './commands/deploy.ts'
import { releases } from './commands/releases.ts'
import { rollback } from './commands/rollback.ts'
import { onSave, types } from './commands/types.ts'
import { clientOf, namedPlugin } from './named-plugin.ts'

type DeployFlags = RemoteOptions & { dryRun?: boolean; message?: string; typeCheck: boolean }

/** `deploy`, `rollback`, `releases`, `types`. */
export function addReleaseCommands(program: Command, { show, connectFor }: CommandContext): void {
  remote(
    program.command('deploy'),
    "serves a folder's plugin as a new release, or says what is wrong with it",
  )
    .argument('[folder]', 'the plugin, as in clients/acme', '.')
    .option('--dry-run', 'says what would happen, and changes nothing')
    .option('-m, --message <text>', 'what people find in the list of releases')
    .option('--no-type-check', "sends it without a look at its types, which the client's graph decides")
    .action((path: string, options: DeployFlags) =>
      show(options, async () => {
        const folder = await namedPlugin(path)
        const client = options.client ?? folder.client
        const { message = null, dryRun = false, typeCheck } = options
        return deploy(await connectFor(client, options), folder, { client, message, dryRun, typeCheck })
      }),
    )
  remote(program.command('rollback'), 'serves an earlier release again')
    .argument('[client]', 'acme, or its folder', '.')
    .option('--to <release>', 'its number; without it, the one before the one that is served', wholeNumber)
    .action((name: string, options: RemoteOptions & { to?: number }) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return rollback(await connectFor(client, options), client, options.to ?? null)
      }),
    )
  remote(program.command('releases'), 'the releases, the newest first; * is the one that is served')
    .argument('[client]', 'acme, or its folder', '.')
    .option('--first <count>', 'how many, 1 to 100', wholeNumber, 20)
    .action((name: string, options: RemoteOptions & { first: number }) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return releases(await connectFor(client, options), client, options.first)
      }),
    )
  remote(program.command('types'), "writes trellis.d.ts, the types of the client's graph, beside the plugin")
    .argument('[folder]', 'the plugin, as in clients/acme', '.')
    .option('--watch', 'again whenever a file is saved, until Ctrl-C')
    .action(async (path: string, options: RemoteOptions & { watch?: boolean }) => {
      const write = () =>
        show(options, async () => {
          const folder = await namedPlugin(path)
          const client = options.client ?? folder.client
          return types(await connectFor(client, options), folder, client)
        })
      await write()
      if (!options.watch) return
      const line = `watching ${path}, until Ctrl-C`
      const onReady = () =>
        show(options, async () => ({ ok: true, value: { watching: path }, lines: [line] }))
      await onSave(path, { again: write, onReady, signal: interrupted() })
    })
}

function interrupted(): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  process.once('SIGTERM', () => stop.abort())
  return stop.signal
}
