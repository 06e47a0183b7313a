import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { PrismaClient, User } from '../../prisma/generated/users/client.ts'
import { normaliseEmailAddress } from './email-address.ts'
import type { FieldCipher, FieldPlace } from './field-cipher.ts'

export type ResealOptions = { db: PrismaClient; cipher: FieldCipher; log: Log }

type Sealed = Pick<User, 'id' | 'client' | 'emailCipher' | 'phoneCipher'>

const atOnce = 500

/**
 * After a change of keys: seals with the first what was sealed with another, and makes its fingerprint anew, beside what
 * is served meanwhile. Copies may do it at the same time. The log says when it is done.
 */
export function startResealing(options: ResealOptions): Close {
  const { log } = options
  const closing = new AbortController()
  const done = reseal(options, closing.signal).catch((error) =>
    log.error({ err: error }, 'not all is sealed with the new key: the next start goes on'),
  )
  return () => {
    closing.abort()
    return done
  }
}

async function reseal({ db, cipher, log }: ResealOptions, signal: AbortSignal): Promise<void> {
  const total = { resealed: 0, unreadable: 0 }
  const select = { id: true, client: true, emailCipher: true, phoneCipher: true } as const
  for (let after: string | undefined = ''; after !== undefined; ) {
    const users: Sealed[] = await db.user.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: atOnce,
      select,
    })
    for (const user of users.filter((one) => isOutdated(cipher, one))) {
      if (signal.aborted) return
      const anew = sealedAnew(cipher, user)
      // Where another copy was faster, there is nothing left to do.
      if (anew)
        await db.user.updateMany({ where: { id: user.id, emailCipher: user.emailCipher }, data: anew })
      total[anew ? 'resealed' : 'unreadable'] += 1
    }
    after = users.at(-1)?.id
  }
  log.info(total, 'e-mail addresses and phone numbers are sealed with the new key')
  if (total.unreadable > 0)
    log.error(total, 'some e-mail addresses or phone numbers open with no key of this module')
}

function isOutdated(cipher: FieldCipher, user: Sealed): boolean {
  const { emailCipher, phoneCipher } = user
  if (cipher.isOutdated(placeOf(user, 'email'), emailCipher)) return true
  return phoneCipher !== null && cipher.isOutdated(placeOf(user, 'phone'), phoneCipher)
}

/** Null: it opens with none of the keys. */
function sealedAnew(cipher: FieldCipher, user: Sealed) {
  const { client, emailCipher, phoneCipher } = user
  const again = (field: FieldPlace['field'], sealed: Uint8Array) => {
    const text = cipher.decrypt(placeOf(user, field), sealed)
    return { text, sealed: cipher.encrypt(placeOf(user, field), text) }
  }
  try {
    const email = again('email', emailCipher)
    return {
      emailCipher: email.sealed,
      emailLookup: cipher.fingerprint(client, normaliseEmailAddress(email.text)),
      ...(phoneCipher && { phoneCipher: again('phone', phoneCipher).sealed }),
    }
  } catch {
    // That it does not open is all that there is to know.
    return null
  }
}

function placeOf({ client, id }: Sealed, field: FieldPlace['field']): FieldPlace {
  return { client, userId: id, field }
}
