import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Which field of which user: the ciphertext of one place opens in no other, also when rows are swapped in the database. */
export type FieldPlace = { client: string; userId: string; field: 'email' | 'phone' }

export type FieldCipher = {
  encrypt(place: FieldPlace, text: string): Uint8Array<ArrayBuffer>
  /** @throws when the bytes were not made by `encrypt` for this place with this key */
  decrypt(place: FieldPlace, sealed: Uint8Array): string
  /** The same for the same text in the same client, and nothing to anybody without the key. */
  fingerprint(client: string, text: string): Uint8Array<ArrayBuffer>
}

const format = 1
const ivBytes = 12
const tagBytes = 16

/** @param key 32 bytes, TRELLIS_FIELD_KEY: what it encrypted is lost without it */
export function createFieldCipher(key: Uint8Array): FieldCipher {
  const encryptionKey = derive(key, 'trellis users: fields')
  const fingerprintKey = derive(key, 'trellis users: fingerprints')

  return {
    encrypt(place, text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', encryptionKey, iv).setAAD(associated(place))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Uint8Array.from(Buffer.concat([Buffer.of(format), iv, cipher.getAuthTag(), body]))
    },
    decrypt(place, sealed) {
      if (sealed[0] !== format) throw new Error(`A ${place.field} is encrypted in an unknown format.`)
      const iv = sealed.subarray(1, 1 + ivBytes)
      const tag = sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', encryptionKey, iv, { authTagLength: tagBytes })
        .setAAD(associated(place))
        .setAuthTag(tag)
      const body = decipher.update(sealed.subarray(1 + ivBytes + tagBytes))
      return Buffer.concat([body, decipher.final()]).toString('utf8')
    },
    fingerprint(client, text) {
      const hmac = createHmac('sha256', fingerprintKey).update(JSON.stringify([client, text]))
      return Uint8Array.from(hmac.digest())
    },
  }
}

function derive(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', purpose, 32))
}

function associated({ client, userId, field }: FieldPlace): Buffer {
  return Buffer.from(JSON.stringify([client, userId, field]))
}
