import { TrellisError } from '../../../foundation/errors.ts'
import { createSealedText } from '../../../foundation/sealed-text.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

/** What only a client's own plugin reads. Sealed at rest, for the client and the name; people see names alone. */
export type SecretStore = {
  /** @returns null when there is none of this name */
  read(client: string, name: string): Promise<string | null>
  /** @throws {TrellisError} BAD_USER_INPUT */
  set(client: string, secret: NewSecret): Promise<SecretName>
  /** @returns whether there was one */
  delete(client: string, name: string): Promise<boolean>
  /** In alphabetical order. */
  names(client: string): Promise<SecretName[]>
}

export type NewSecret = { name: string; value: string; setBy: string }
export type SecretName = { name: string; setAt: Date; setBy: string }

const nameFormat = /^[A-Za-z_][\w.-]{0,99}$/
const maxChars = 8_192
const maxSecrets = 100

/** @param key 32 bytes, TRELLIS_SECRETS_KEY: what it sealed is lost without it */
export function createSecretStore(db: PrismaClient, key: Uint8Array): SecretStore {
  const { seal, open } = createSealedText(key, 'trellis lambdas: secrets')
  return {
    async read(client, name) {
      const row = await db.pluginSecret.findFirst({ where: { client, name } })
      return row && open([client, name], row.sealed)
    },
    async set(client, { name, value, setBy }) {
      requireSecret(name, value)
      const where = { client_name: { client, name } }
      const known = await db.pluginSecret.findMany({ where: { client }, select: { name: true } })
      if (known.length >= maxSecrets && !known.some((one) => one.name === name))
        throw new TrellisError('BAD_USER_INPUT', `A client has at most ${maxSecrets} secrets.`)
      const written = { sealed: seal([client, name], value), setAt: new Date(), setBy }
      await db.pluginSecret.upsert({ where, create: { client, name, ...written }, update: written })
      return { name, setAt: written.setAt, setBy }
    },
    async delete(client, name) {
      const { count } = await db.pluginSecret.deleteMany({ where: { client, name } })
      return count > 0
    },
    names: (client) =>
      db.pluginSecret.findMany({
        where: { client },
        select: { name: true, setAt: true, setBy: true },
        orderBy: { name: 'asc' },
      }),
  }
}

/** What is refused is said without the value. */
function requireSecret(name: string, value: string): void {
  if (!nameFormat.test(name))
    throw new TrellisError(
      'BAD_USER_INPUT',
      'The name of a secret is up to 100 letters, digits and _ . -, and begins with a letter or _.',
    )
  if (value.length === 0 || value.length > maxChars || !value.isWellFormed())
    throw new TrellisError('BAD_USER_INPUT', `A secret is well-formed text of 1 to ${maxChars} characters.`)
}
