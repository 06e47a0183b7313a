import { text } from 'node:stream/consumers'
import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import type { Connection } from '../connection.ts'

type Call = Pick<Connection, 'call'>
type Secret = { name: string; setAt: string; setBy: string }

/** Names and dates; no value is ever shown again. */
export async function listSecrets({ call }: Call, client: string): Promise<CommandResult> {
  const answer = await call<{ client: { secrets: Secret[] | null } | null }>(
    'query Secrets($client: String!) { client(slug: $client) { secrets { name setAt setBy } } }',
    { client },
  )
  if (!answer.client)
    throw new CommandError(`There is no client ${client}, or the key is not one of its own.`)
  const secrets = answer.client.secrets ?? []
  const lines = secrets.map(
    ({ name, setAt, setBy }) => `${setAt.slice(0, 19).replace('T', ' ')}  ${name}  (${setBy})`,
  )
  return { ok: true, value: secrets, lines: lines.length > 0 ? lines : [`${client} has no secrets.`] }
}

/** The value comes from standard input, so that it is in no list of processes and no history of a shell. */
export async function setSecret({ call }: Call, client: string, name: string): Promise<CommandResult> {
  const value = await readValue()
  await call(
    'mutation SetSecret($client: String!, $name: String!, $value: String!) { setSecret(client: $client, name: $name, value: $value) { name } }',
    { client, name, value },
  )
  return { ok: true, value: { name }, lines: [`${client}: ${name} is set`] }
}

export async function deleteSecret({ call }: Call, client: string, name: string): Promise<CommandResult> {
  const { deleteSecret: deleted } = await call<{ deleteSecret: boolean | null }>(
    'mutation DeleteSecret($client: String!, $name: String!) { deleteSecret(client: $client, name: $name) }',
    { client, name },
  )
  if (!deleted) throw new CommandError(`${client} has no secret ${name}.`)
  return { ok: true, value: { name }, lines: [`${client}: ${name} is deleted`] }
}

async function readValue(): Promise<string> {
  if (process.stdin.isTTY) console.error('The value, ended by Ctrl-D:')
  const value = (await text(process.stdin)).replace(/\r?\n$/, '')
  if (value === '')
    throw new CommandError('Give the value on standard input: npx trellis secrets set acme NAME < file')
  return value
}
