import { TrellisError } from '../../../foundation/errors.ts'
import { createSealedText, type SealingKeys } from '../../../foundation/sealed-text.ts'
import type { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'

/** What only a client's own plugin reads. Sealed at rest, for the client and the name; people see names alone. */
export type SecretStore = {
  /** @returns null when there is none of this name. @throws {TrellisError} SECRET_UNREADABLE */
  read(client: string, name: string): Promise<string | null>
  /** @throws {TrellisError} BAD_USER_INPUT */
  set(client: string, secret: NewSecret): Promise<SecretName>
  /** @returns whether there was one */
  delete(client: string, name: string): Promise<boolean>
  /** In alphabetical order. */
  names(client: string): Promise<SecretName[]>
  /** Seals with the first key what was sealed with another. Safe beside others that do the same, and beside `set`. */
  reseal(): Promise<Resealed>
}

/** How many are sealed anew, and how many open with none of the keys. */
export type Resealed = { resealed: number; unreadable: number }

export type NewSecret = { name: string; value: string; setBy: string }
export type SecretName = { name: string; setAt: Date; setBy: string }

type SealedSecret = { client: string; name: string; sealed: Uint8Array<ArrayBuffer> }

const nameFormat = /^[A-Za-z_][\w.-]{0,99}$/
const maxChars = 8_192
const maxSecrets = 100

const resealedAtOnce = 500

/** @param keys TRELLIS_SECRETS_KEY, and the one before it */
export function createSecretStore(db: PrismaClient, keys: SealingKeys): SecretStore {
  const { seal, open, isOutdated } = createSealedText(keys, 'trellis lambdas: secrets')

  function openSecret({ client, name, sealed }: SealedSecret): string {
    try {
      return open([client, name], sealed)
    } catch (cause) {
      throw new TrellisError('SECRET_UNREADABLE', `The secret ${name} opens with no key of this platform.`, {
        originalError: cause instanceof Error ? cause : null,
      })
    }
  }

  /** @returns whether it opens */
  async function resealOne(row: SealedSecret): Promise<boolean> {
    const { client, name, sealed } = row
    try {
      const anew = seal([client, name], openSecret(row))
      // Where it was set meanwhile, that stays.
      await db.pluginSecret.updateMany({ where: { client, name, sealed }, data: { sealed: anew } })
      return true
    } catch (error) {
      if (error instanceof TrellisError) return false
      throw error
    }
  }

  return {
    async read(client, name) {
      const row = isName(name) ? await db.pluginSecret.findFirst({ where: { client, name } }) : null
      return row && openSecret(row)
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
      if (!isName(name)) return false
      const { count } = await db.pluginSecret.deleteMany({ where: { client, name } })
      return count > 0
    },
    names: (client) =>
      db.pluginSecret.findMany({
        where: { client },
        select: { name: true, setAt: true, setBy: true },
        orderBy: { name: 'asc' },
      }),
    async reseal() {
      const total = { resealed: 0, unreadable: 0 }
      let last: SealedSecret | undefined
      do {
        const rows: SealedSecret[] = await db.pluginSecret.findMany({
          orderBy: [{ client: 'asc' }, { name: 'asc' }],
          take: resealedAtOnce,
          ...(last && { skip: 1, cursor: { client_name: { client: last.client, name: last.name } } }),
        })
        for (const row of rows.filter(({ client, name, sealed }) => isOutdated([client, name], sealed)))
          total[(await resealOne(row)) ? 'resealed' : 'unreadable'] += 1
        last = rows.at(-1)
      } while (last)
      return total
    },
  }
}

/** What is none cannot be there. */
function isName(text: string): boolean {
  return nameFormat.test(text)
}

/** What is refused is said without the value. */
function requireSecret(name: string, value: string): void {
  if (!isName(name))
    throw new TrellisError(
      'BAD_USER_INPUT',
      'The name of a secret is up to 100 letters, digits and _ . -, and begins with a letter or _.',
    )
  if (value.length === 0 || value.length > maxChars || !value.isWellFormed())
    throw new TrellisError('BAD_USER_INPUT', `A secret is well-formed text of 1 to ${maxChars} characters.`)
}
