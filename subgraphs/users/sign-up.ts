import { TrellisError } from '../../foundation/errors.ts'
import { actorOf, isAdmin } from '../../foundation/viewer.ts'
import { boundedText } from '../bounded-text.ts'
import type { Call } from '../call.ts'
import { idempotently } from '../idempotency.ts'
import { normaliseEmailAddress, parseEmailAddress } from './email-address.ts'
import type { UsersModule, UsersTransaction } from './users-module.ts'

export type SignUpInput = { email: string; password: string; name: string; idempotencyKey?: string | null }

/**
 * Makes an account unless the address has one; the answer is the same, and so is the work (above all the hash), so
 * that nobody learns from it who has an account here (ADR 0040).
 *
 * @throws {TrellisError} BAD_USER_INPUT, FORBIDDEN, IDEMPOTENCY_CONFLICT
 */
export async function signUp(module: UsersModule, { viewer, traceparent }: Call, input: SignUpInput) {
  if (viewer.kind !== 'FRONTEND' && !isAdmin(viewer)) {
    throw new TrellisError(
      'FORBIDDEN',
      'Accounts are made by people who have none yet, and by administrators.',
    )
  }
  const email = parseEmailAddress(input.email)
  const name = boundedText(input.name.trim(), { what: 'name', max: 200 })
  const password = boundedText(input.password, { what: 'password', min: 8, max: 256 })

  const { client } = viewer
  const { cipher } = module
  const lookups = cipher.fingerprints(client, normaliseEmailAddress(email))
  const id = crypto.randomUUID()
  const now = module.now()
  const user = {
    id,
    client,
    name,
    emailCipher: cipher.encrypt({ client, userId: id, field: 'email' }, email),
    emailLookup: cipher.fingerprint(client, normaliseEmailAddress(email)),
    passwordHash: await module.passwords.hash(password),
    roles: ['MEMBER' as const],
    createdAt: now,
    updatedAt: now,
  }
  const fingerprint = (text: string) => Buffer.from(cipher.fingerprint(client, text)).toString('hex')
  const identity = [email, name, password].map(fingerprint)

  return module.events.transaction((tx, append) =>
    idempotently(tx, { viewer, key: input.idempotencyKey, name: 'signUp', input: identity }, async () => {
      if (await isKnownByAnotherKey(tx, client, lookups)) return { session: null }
      const { count } = await tx.user.createMany({ data: [user], skipDuplicates: true })
      if (count > 0) {
        const actor = actorOf(viewer)
        await append({
          type: 'users.user.signed_up',
          subject: id,
          client,
          actor,
          traceparent,
          data: { userId: id },
        })
      }
      return { session: null }
    }),
  )
}

/**
 * The fingerprints of one key are unique. While the key is changed, copies know addresses by different ones: they agree
 * on whose turn it is with an address.
 */
async function isKnownByAnotherKey(
  tx: UsersTransaction,
  client: string,
  lookups: Uint8Array<ArrayBuffer>[],
): Promise<boolean> {
  const [least, ...others] = lookups.toSorted(Buffer.compare)
  if (!least || others.length === 0) return false
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(${Buffer.from(least).readBigInt64BE()})`
  return (await tx.user.count({ where: { client, emailLookup: { in: lookups } } })) > 0
}
