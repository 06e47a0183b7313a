import { type Command, InvalidArgumentError } from 'commander'
import type { CommandResult } from './command-result.ts'
import type { Connection } from './connection.ts'
import { type KeyKind, keyNames, keyVariables } from './keys.ts'

/** Options that every command has which talks to a platform. */
export type RemoteOptions = { client?: string; endpoint?: string; key?: string; json?: boolean }

/** What the commands are made with. */
export type CommandContext = {
  /** Runs a command and shows what it has to say; what is wrong with its use is told, too. */
  show(options: { json?: boolean }, work: () => Promise<CommandResult>): Promise<void>
  /** A connection in the client's name, by its DEPLOY key. */
  connectFor(client: string, options: RemoteOptions): Promise<Connection>
  /** By an administrator's key: the client's own graph. */
  connectToGraph(client: string, options: RemoteOptions): Promise<Connection>
  /** By an operator's key. */
  connectAsOperator(client: string, options: RemoteOptions): Promise<Connection>
}

/** @param kind of the key that the command needs */
export function remote(command: Command, description: string, kind: KeyKind = 'deployKey'): Command {
  const variable = keyVariables[kind]
  const kept = variable ? `; ${variable} keeps it out of the list of processes` : ''
  return command
    .description(description)
    .option('--client <slug>', "whose plugin it is, where the folder's name does not say so")
    .option('--endpoint <url>', 'the platform; also TRELLIS_ENDPOINT')
    .option('--key <key>', `the ${keyNames[kind]}${kept}`)
    .option('--json', 'for machines')
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.')
  return Number(text)
}

export function jsonText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(
      `It is not JSON: ${error instanceof Error ? error.message : String(error)}.`,
    )
  }
}
