import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CallError, callGraphQL, UnreachableError } from '../foundation/call-graphql.ts'
import type { PluginError } from '../schema/plugin-build.ts'
import { CommandError } from './command-error.ts'
import { type KeyKind, keyNames, keyVariables } from './keys.ts'
import { showFault } from './show-fault.ts'

/** Where the platform is and with which key, as far as anybody has said so. */
export type ConnectionOptions = {
  endpoint?: string | undefined
  key?: string | undefined
  /** The data directory of a platform on this machine. */
  dataDirectory: string
}

export type Connection = {
  endpoint: string
  /** What the graph says, errors included. @throws {CommandError} for no answer */
  ask(document: string, variables: Readonly<Record<string, unknown>>): Promise<object>
  /** @throws {CommandError} for an answer with errors, or none */
  call<Data>(document: string, variables: Readonly<Record<string, unknown>>): Promise<Data>
}

const demoFile = z.object({
  endpoint: z.string(),
  operatorKey: z.string(),
  clients: z.record(z.string(), z.object({ deployKey: z.string(), secretKey: z.string() })),
})
type DemoFile = z.infer<typeof demoFile>

/**
 * A key that was given is used as it is. Without one, and beside a platform on this machine, it is the demo client's;
 * that is sent to that platform only.
 *
 * @throws {CommandError} where endpoint or key are known from nowhere
 */
export async function connect(
  client: string,
  options: ConnectionOptions,
  kind: KeyKind = 'deployKey',
): Promise<Connection> {
  const demo = await readDemoFile(options.dataDirectory)
  const variable = keyVariables[kind]
  const endpoint = options.endpoint ?? demo?.endpoint
  if (!endpoint)
    throw new CommandError(
      `No platform is known: run npm start here, or set TRELLIS_ENDPOINT and ${variable ?? 'give --key'}.`,
    )
  if (!URL.canParse(endpoint)) throw new CommandError(`${endpoint} is not a URL.`)
  const ownKey = endpoint === demo?.endpoint ? keyOf(demo, client, kind) : undefined
  const apiKey = options.key ?? ownKey
  if (!apiKey)
    throw new CommandError(
      `No ${keyNames[kind]} for the client ${client} is known: ${variable ? `set ${variable}, or ` : ''}give --key.${others(demo)}`,
    )
  return {
    endpoint,
    ask: (document, variables) =>
      callGraphQL<object>(endpoint, { document, variables, credentials: { apiKey } }).then(
        (data) => ({ data }),
        (error) => (error instanceof CallError ? { data: null, errors: error.errors } : explain(error)),
      ),
    call: (document, variables) =>
      callGraphQL<never>(endpoint, { document, variables, credentials: { apiKey } }).catch(explain),
  }
}

/** Why a release was refused, each with its place. */
function faultsIn(extensions: unknown): PluginError[] {
  return z.object({ errors: z.array(pluginErrorSchema) }).safeParse(extensions).data?.errors ?? []
}

const pluginErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  file: z.string().nullable(),
  line: z.number().nullable(),
})

function keyOf(demo: DemoFile, client: string, kind: KeyKind): string | undefined {
  return kind === 'operatorKey' ? demo.operatorKey : demo.clients[client]?.[kind]
}

function others(demo: DemoFile | null): string {
  const names = Object.keys(demo?.clients ?? {})
  return names.length > 0 ? ` (Clients of the platform here: ${names.join(', ')}.)` : ''
}

async function readDemoFile(dataDirectory: string): Promise<DemoFile | null> {
  const file = join(dataDirectory, 'demo.json')
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw new CommandError(`${file} cannot be read (${error.code}).`)
  })
  if (text === null) return null
  try {
    return demoFile.parse(JSON.parse(text))
  } catch {
    throw new CommandError(`${file} is damaged: start the platform again, and it is written anew.`)
  }
}

function explain(error: unknown): never {
  if (error instanceof UnreachableError)
    throw new CommandError(`${error.message} Is the platform running?`, { cause: error })
  if (!(error instanceof CallError)) throw error
  const lines = error.errors.flatMap(({ message, extensions }) => [
    `${extensions?.code ?? 'ERROR'}  ${message}`,
    ...faultsIn(extensions).map((fault) => `  ${showFault(fault, '.')}`),
  ])
  throw new CommandError(lines.join('\n'), { cause: error })
}
