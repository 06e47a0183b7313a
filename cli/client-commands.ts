import { type Command, Option } from 'commander'
import { type CommandContext, type RemoteOptions, remote, wholeNumber } from './command-context.ts'
import { logs } from './commands/logs.ts'
import { deleteSecret, listSecrets, setSecret } from './commands/secrets.ts'
import { clientOf } from './named-plugin.ts'

/** `logs` and `secrets`. */
export function addClientCommands(program: Command, { show, connectFor }: CommandContext): void {
  remote(program.command('logs'), 'what the functions of a plugin logged, and how they failed')
    .argument('[client]', 'acme, or its folder', '.')
    .option('--first <count>', 'the last so many lines, 1 to 100', wholeNumber, 50)
    .option('--lambda <name>', 'of one of them, as in User.loyaltyTier')
    .addOption(new Option('--level <level>', 'of one level').choices(['DEBUG', 'INFO', 'WARN', 'ERROR']))
    .action((name: string, options: RemoteOptions & { first: number; lambda?: string; level?: string }) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        const { first, lambda = null, level = null } = options
        return logs(await connectFor(client, options), client, { first, lambda, level })
      }),
    )
  const secrets = program
    .command('secrets')
    .description('what ctx.secrets reads; a value is never shown again')
  remote(secrets.command('list'), 'their names')
    .argument('[client]', 'acme, or its folder', '.')
    .action((name: string, options: RemoteOptions) =>
      show(options, async () => {
        const client = options.client ?? clientOf(name)
        return listSecrets(await connectFor(client, options), client)
      }),
    )
  remote(secrets.command('set'), 'sets one; its value comes from standard input')
    .argument('<client>', 'acme, or its folder')
    .argument('<name>')
    .action((clientName: string, name: string, options: RemoteOptions) =>
      show(options, async () => {
        const client = options.client ?? clientOf(clientName)
        return setSecret(await connectFor(client, options), client, name)
      }),
    )
  remote(secrets.command('delete'), 'deletes one')
    .argument('<client>', 'acme, or its folder')
    .argument('<name>')
    .action((clientName: string, name: string, options: RemoteOptions) =>
      show(options, async () => {
        const client = options.client ?? clientOf(clientName)
        return deleteSecret(await connectFor(client, options), client, name)
      }),
    )
}
