import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'

/**
 * Text encrypted for one place: AES-256-GCM, the place is the associated data. Moved to another place, changed, or
 * under another key it does not open.
 */
export type SealedText = {
  /** Looks different each time. */
  seal(place: readonly string[], text: string): Uint8Array<ArrayBuffer>
  /** @throws when the bytes were not made by `seal` for this place with this key */
  open(place: readonly string[], sealed: Uint8Array): string
}

const format = 1
const ivBytes = 12
const tagBytes = 16
const keyBytes = 32

/** A setting that holds such a key: 32 bytes, in base64. */
export const sealingKey = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === keyBytes, `has to be ${keyBytes} bytes in base64`)

/**
 * @param key 32 bytes: what it sealed is lost without it
 * @param purpose what is sealed for one purpose opens for no other, though the key is the same
 */
export function createSealedText(key: Uint8Array, purpose: string): SealedText {
  const derived = deriveKey(key, purpose)
  return {
    seal(place, text) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', derived, iv).setAAD(associated(place))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Uint8Array.from(Buffer.concat([Buffer.of(format), iv, cipher.getAuthTag(), body]))
    },
    open(place, sealed) {
      if (sealed[0] !== format) throw new Error('A text is sealed in an unknown format.')
      const iv = sealed.subarray(1, 1 + ivBytes)
      const tag = sealed.subarray(1 + ivBytes, 1 + ivBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', derived, iv, { authTagLength: tagBytes })
        .setAAD(associated(place))
        .setAuthTag(tag)
      const body = decipher.update(sealed.subarray(1 + ivBytes + tagBytes))
      return Buffer.concat([body, decipher.final()]).toString('utf8')
    },
  }
}

export function deriveKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', purpose, keyBytes))
}

function associated(place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(place))
}
