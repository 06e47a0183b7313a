import type { Command } from 'commander'
import { type CommandContext, type RemoteOptions, remote } from './command-context.ts'
import { CommandError } from './command-error.ts'
import type { CommandResult } from './command-result.ts'
import { type Grants, grant, showGrants, withdraw } from './commands/grants.ts'
import type { Connection } from './connection.ts'
import { clientOf } from './named-plugin.ts'

type GrantFlags = RemoteOptions & { scope?: string[]; egress?: string[] }
type ChangeGrants = (connection: Connection, client: string, grants: Grants) => Promise<CommandResult>

/** `grants`, which a deploy key sees of its own client, and for operators `grant` and `withdraw`. */
export function addOperatorCommands(program: Command, context: CommandContext): void {
  const { show, connectFor, connectAsOperator } = context
  remote(program.command('grants'), 'what a plugin may do in its own name, and which hosts it may call')
    .argument('[client]', 'acme, or its folder', '.')
    .action((name: string, options: RemoteOptions) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return showGrants(await connectFor(client, options), client)
      }),
    )
  changing('grant', 'grants a plugin scopes and hosts, beside those it has; for operators', grant)
  changing('withdraw', 'takes scopes and hosts away, within a second; for operators', withdraw)

  function changing(name: string, description: string, change: ChangeGrants): void {
    remote(program.command(name), description, 'operatorKey')
      .argument('<client>', 'acme, or its folder')
      .option('--scope <scope...>', 'as in the needs of the plugin: records:read')
      .option('--egress <host...>', 'api.example.com; *.example.com is all below it')
      .action((name: string, options: GrantFlags) =>
        show(options, async () => {
          const client = options.client ?? clientOf(name)
          const grants = { scopes: options.scope ?? [], egress: options.egress ?? [] }
          if (grants.scopes.length + grants.egress.length === 0)
            throw new CommandError('Name scopes with --scope, or hosts with --egress.')
          return change(await connectAsOperator(client, options), client, grants)
        }),
      )
  }
}
