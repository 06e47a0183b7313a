import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { type CommandContext, jsonText, type RemoteOptions, remote } from './command-context.ts'
import { CommandError } from './command-error.ts'
import { type InvokeOptions, invoke } from './commands/invoke.ts'
import { test } from './commands/test.ts'
import { namedPlugin } from './named-plugin.ts'

type InvokeFlags = RemoteOptions & {
  args: unknown
  parents: unknown
  event: unknown
  viewer: unknown
  secrets?: string
  allowFetch?: boolean
}

const record = z.record(z.string(), z.unknown())
const givenSchema = z.object({
  args: record,
  parents: z.array(record),
  event: record,
  viewer: z.object({
    kind: z.enum(['FRONTEND', 'USER', 'SERVER', 'PARTNER', 'PLUGIN']),
    userId: z.string().optional(),
    roles: z.array(z.string()).optional(),
    keyId: z.string().optional(),
  }),
})
const secretsSchema = z.record(z.string(), z.string())

/** `invoke` and `test`: the files at hand, in an isolate on this machine. */
export function addLocalCommands(program: Command, { show, connectToGraph }: CommandContext): void {
  remote(
    program.command('invoke'),
    'runs one function of a plugin here, in an isolate like the platform has; what it asks the graph, a running platform answers',
    'secretKey',
  )
    .argument('<folder>', 'the plugin, as in clients/acme')
    .argument(
      '<lambda>',
      'User.loyaltyTier, Query.bestCustomers, rule:Mutation.createRecord, on:data.record.created',
    )
    .option('--args <json>', 'the arguments of the field', jsonText, {})
    .option('--parents <json>', 'the objects of a field that is not of Query or Mutation', jsonText, [])
    .option('--event <json>', 'for a handler: { "subject", "data" }', jsonText, {})
    .option('--viewer <json>', 'who is calling', jsonText, { kind: 'SERVER' })
    .option('--secrets <file>', 'JSON: { "NAME": "value" }')
    .option('--allow-fetch', "calls the hosts of the plugin's needs")
    .action((path: string, lambda: string, flags: InvokeFlags) =>
      show(flags, async () => invoke(await namedPlugin(path), await optionsOf(path, lambda, flags))),
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

  async function optionsOf(path: string, lambda: string, flags: InvokeFlags): Promise<InvokeOptions> {
    const given = givenSchema.safeParse(flags)
    if (!given.success) throw new CommandError(z.prettifyError(given.error))
    const { client } = await namedPlugin(path)
    return {
      lambda,
      given: given.data,
      // Only where the plugin asks: much of a plugin can be run without any platform.
      graph: async ({ document, variables }) => {
        const connection = await connectToGraph(flags.client ?? client, flags)
        return connection.ask(document, variables)
      },
      secrets: flags.secrets === undefined ? {} : await readSecrets(flags.secrets),
      allowFetch: flags.allowFetch ?? false,
    }
  }
}

async function readSecrets(file: string): Promise<Record<string, string>> {
  try {
    return secretsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    // Not what was read: it may be a secret.
    throw new CommandError(`${file} is no JSON of the form { "NAME": "value" }.`, { cause })
  }
}
