import { Command, InvalidArgumentError } from 'commander'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-result.ts'
import { deploy } from './commands/deploy.ts'
import { releases } from './commands/releases.ts'
import { rollback } from './commands/rollback.ts'
import { test } from './commands/test.ts'
import { type Connection, connect, type KeyKind } from './connection.ts'
import { clientOf, namedPlugin } from './named-plugin.ts'
import type { CliSettings } from './settings.ts'

/** Where what a command says goes. */
export type Output = { say(line: string): void; complain(line: string): void }

type Common = { client?: string; endpoint?: string; key?: string; json?: boolean }

/** The command line. Resolves to the exit status once it is run with `run`. */
export function createProgram(settings: CliSettings, output: Output) {
  let failed = false
  const program = new Command('trellis')
    .description("Builds, tests and deploys a client's plugin.")
    .showHelpAfterError('(trellis --help says more)')
    .configureOutput({ writeOut: trimmed(output.say), writeErr: trimmed(output.complain) })
    .exitOverride()

  /** Shows what a command has to say; what it throws is told like a result. */
  async function show(options: Common, work: () => Promise<CommandResult>): Promise<void> {
    try {
      const { ok, value, lines } = await work()
      failed ||= !ok
      if (options.json) output.say(JSON.stringify({ ok, ...asObject(value) }, null, 2))
      else for (const line of lines) (ok ? output.say : output.complain)(line)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      failed = true
      if (options.json) output.say(JSON.stringify({ ok: false, error: error.message }, null, 2))
      else output.complain(error.message)
    }
  }
  const connectFor = (client: string, options: Common, kind?: KeyKind): Promise<Connection> =>
    connect(
      client,
      {
        endpoint: options.endpoint ?? settings.TRELLIS_ENDPOINT,
        key: options.key ?? settings.TRELLIS_DEPLOY_KEY,
        dataDirectory: settings.TRELLIS_DATA,
      },
      kind,
    )

  remote(
    program.command('deploy'),
    "serves a folder's plugin as a new release, or says what is wrong with it",
  )
    .argument('[folder]', 'the plugin, as in clients/acme', '.')
    .option('--dry-run', 'says what would happen, and changes nothing')
    .option('-m, --message <text>', 'what people find in the list of releases')
    .action((path: string, options: Common & { dryRun?: boolean; message?: string }) =>
      show(options, async () => {
        const folder = await namedPlugin(path)
        const client = options.client ?? folder.client
        const { message = null, dryRun = false } = options
        return deploy(await connectFor(client, options), folder, { client, message, dryRun })
      }),
    )
  remote(program.command('rollback'), 'serves an earlier release again')
    .argument('[client]', 'acme, or its folder', '.')
    .option('--to <release>', 'its number; without it, the one before the one that is served', wholeNumber)
    .action((name: string, options: Common & { to?: number }) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return rollback(await connectFor(client, options), client, options.to ?? null)
      }),
    )
  remote(program.command('releases'), 'the releases, the newest first; * is the one that is served')
    .argument('[client]', 'acme, or its folder', '.')
    .option('--first <count>', 'how many, 1 to 100', wholeNumber, 20)
    .action((name: string, options: Common & { first: number }) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return releases(await connectFor(client, options), client, options.first)
      }),
    )
  program
    .command('test')
    .description(
      'runs the tests beside a plugin, *.test.ts, with the plugin in an isolate like the platform has',
    )
    .argument('[folder]', 'the plugin, as in clients/acme', '.')
    .option('--watch', 'runs them again whenever a file changes')
    .option('--only <pattern>', 'only tests whose names match')
    .action((folder: string, { watch = false, only = null }: { watch?: boolean; only?: string | null }) =>
      // The runner has written its report by itself.
      show({}, async () => ({ ok: await test(folder, { watch, only }), value: null, lines: [] })),
    )

  return {
    /** @returns the exit status */
    async run(args: readonly string[]): Promise<number> {
      await program.parseAsync(args, { from: 'user' })
      return failed ? 1 : 0
    },
  }
}

/** What every command has that talks to a platform. */
function remote(command: Command, description: string): Command {
  return command
    .description(description)
    .option('--client <slug>', "whose plugin it is, where the folder's name does not say so")
    .option('--endpoint <url>', 'the platform; also TRELLIS_ENDPOINT')
    .option('--key <key>', 'the deploy key; TRELLIS_DEPLOY_KEY keeps it out of the list of processes')
    .option('--json', 'for machines')
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.')
  return Number(text)
}

function asObject(value: unknown): object {
  return Array.isArray(value) || typeof value !== 'object' || value === null ? { result: value } : value
}

/** commander ends its lines itself. */
function trimmed(write: (line: string) => void): (text: string) => void {
  return (text) => write(text.replace(/\n$/, ''))
}
