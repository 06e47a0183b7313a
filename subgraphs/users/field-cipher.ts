import { createHmac } from 'node:crypto'
import { createSealedText, deriveKey } from '../../foundation/sealed-text.ts'

/** Which field of which user: the ciphertext of one place opens in no other, also when rows are swapped in the database. */
export type FieldPlace = { client: string; userId: string; field: 'email' | 'phone' }

export type FieldCipher = {
  encrypt(place: FieldPlace, text: string): Uint8Array<ArrayBuffer>
  /** @throws when the bytes were not made by `encrypt` for this place with this key */
  decrypt(place: FieldPlace, sealed: Uint8Array): string
  /** The same for the same text in the same client, and nothing to anybody without the key. */
  fingerprint(client: string, text: string): Uint8Array<ArrayBuffer>
}

/** @param key 32 bytes, TRELLIS_FIELD_KEY: what it encrypted is lost without it */
export function createFieldCipher(key: Uint8Array): FieldCipher {
  const { seal, open } = createSealedText([key], 'trellis users: fields')
  const fingerprintKey = deriveKey(key, 'trellis users: fingerprints')

  return {
    encrypt: (place, text) => seal(named(place), text),
    decrypt: (place, sealed) => open(named(place), sealed),
    fingerprint(client, text) {
      const hmac = createHmac('sha256', fingerprintKey).update(JSON.stringify([client, text]))
      return Uint8Array.from(hmac.digest())
    },
  }
}

function named({ client, userId, field }: FieldPlace): string[] {
  return [client, userId, field]
}
