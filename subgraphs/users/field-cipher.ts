import { createHmac } from 'node:crypto'
import { createSealedText, deriveKey, type SealingKeys } from '../../foundation/sealed-text.ts'

/** Which field of which user: the ciphertext of one place opens in no other, also when rows are swapped in the database. */
export type FieldPlace = { client: string; userId: string; field: 'email' | 'phone' }

export type FieldCipher = {
  encrypt(place: FieldPlace, text: string): Uint8Array<ArrayBuffer>
  /** @throws when the bytes were not made by `encrypt` for this place with one of the keys */
  decrypt(place: FieldPlace, sealed: Uint8Array): string
  /** Whether it was made with another key than the first. */
  isOutdated(place: FieldPlace, sealed: Uint8Array): boolean
  /** The same for the same text in the same client, and nothing to anybody without the key: the first one. */
  fingerprint(client: string, text: string): Uint8Array<ArrayBuffer>
  /** The same with each of the keys, in their order: while they are changed, a text may be known by any of them. */
  fingerprints(client: string, text: string): Uint8Array<ArrayBuffer>[]
}

/** @param keys TRELLIS_FIELD_KEY, and the one before it */
export function createFieldCipher(keys: SealingKeys): FieldCipher {
  const { seal, open, isOutdated } = createSealedText(keys, 'trellis users: fields')
  const [first, ...others] = keys
  const newest = fingerprintWith(first)
  const all = [newest, ...others.map(fingerprintWith)]

  return {
    encrypt: (place, text) => seal(named(place), text),
    decrypt: (place, sealed) => open(named(place), sealed),
    isOutdated: (place, sealed) => isOutdated(named(place), sealed),
    fingerprint: newest,
    fingerprints: (client, text) => all.map((fingerprint) => fingerprint(client, text)),
  }
}

function fingerprintWith(key: Uint8Array): FieldCipher['fingerprint'] {
  const derived = deriveKey(key, 'trellis users: fingerprints')
  return (client, text) =>
    Uint8Array.from(
      createHmac('sha256', derived)
        .update(JSON.stringify([client, text]))
        .digest(),
    )
}

function named({ client, userId, field }: FieldPlace): string[] {
  return [client, userId, field]
}
