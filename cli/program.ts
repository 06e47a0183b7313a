import { Command } from 'commander'
import { addClientCommands } from './client-commands.ts'
import type { CommandContext, RemoteOptions } from './command-context.ts'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-result.ts'
import { type Connection, connect } from './connection.ts'
import { type KeyKind, keyVariables } from './keys.ts'
import { addLocalCommands } from './local-commands.ts'
import { addOperatorCommands } from './operator-commands.ts'
import { addReleaseCommands } from './release-commands.ts'
import type { CliSettings } from './settings.ts'

/** Where what a command says goes. */
export type Output = { say(line: string): void; complain(line: string): void }

export function createProgram(settings: CliSettings, output: Output) {
  let failed = false
  const program = new Command('trellis')
    .description("Builds, tests and deploys a client's plugin.")
    .showHelpAfterError('(trellis --help says more)')
    .configureOutput({ writeOut: trimmed(output.say), writeErr: trimmed(output.complain) })
    .exitOverride()

  async function show(options: { json?: boolean }, work: () => Promise<CommandResult>): Promise<void> {
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
  function connectWith(kind: KeyKind) {
    return (client: string, { endpoint, key }: RemoteOptions): Promise<Connection> =>
      connect(
        client,
        {
          endpoint: endpoint ?? settings.TRELLIS_ENDPOINT,
          key: key ?? keyFrom(settings, kind),
          dataDirectory: settings.TRELLIS_DATA,
        },
        kind,
      )
  }

  const context: CommandContext = {
    show,
    connectFor: connectWith('deployKey'),
    connectToGraph: connectWith('secretKey'),
    connectAsOperator: connectWith('operatorKey'),
  }
  addReleaseCommands(program, context)
  addLocalCommands(program, context)
  addClientCommands(program, context)
  addOperatorCommands(program, context)

  return {
    /** @returns the exit status @throws {CommanderError} for a wrong use, and for help */
    async run(args: readonly string[]): Promise<number> {
      await program.parseAsync(args, { from: 'user' })
      return failed ? 1 : 0
    },
  }
}

function keyFrom(settings: CliSettings, kind: KeyKind): string | undefined {
  const variable = keyVariables[kind]
  return variable === null ? undefined : settings[variable]
}

function asObject(value: unknown): object {
  return Array.isArray(value) || typeof value !== 'object' || value === null ? { result: value } : value
}

/** commander ends its lines itself. */
function trimmed(write: (line: string) => void): (text: string) => void {
  return (text) => write(text.replace(/\n$/, ''))
}
