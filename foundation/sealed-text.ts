import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'

/**
 * Text encrypted for one place: AES-256-GCM, the place is the associated data. Moved to another place, changed, or
 * under another key it does not open.
 */
export type SealedText = {
  /** Looks different each time. */
  seal(place: readonly string[], text: string): Uint8Array<ArrayBuffer>
  /** @throws when the bytes were not made by `seal` for this place with one of the keys */
  open(place: readonly string[], sealed: Uint8Array): string
  /** Whether it was made with another key than the first. */
  isOutdated(place: readonly string[], sealed: Uint8Array): boolean
}

/** 32 bytes each. The first seals, any of them opens: keys can be changed. What they sealed is lost without them. */
export type SealingKeys = readonly [Uint8Array, ...Uint8Array[]]

const format = 1
const ivBytes = 12
const tagBytes = 16
const keyBytes = 32

/** A setting that holds such a key: 32 bytes, in base64. */
export const sealingKey = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === keyBytes, `has to be ${keyBytes} bytes in base64`)

/** @param purpose what is sealed for one purpose opens for no other, though the keys are the same */
export function createSealedText([first, ...others]: SealingKeys, purpose: string): SealedText {
  const newest = sealWith(deriveKey(first, purpose))
  const all = [newest, ...others.map((key) => sealWith(deriveKey(key, purpose)))]
  const opens = (one: Seal, place: readonly string[], sealed: Uint8Array) => {
    try {
      one.open(place, sealed)
      return true
    } catch {
      // That it does not open is all that there is to know.
      return false
    }
  }
  return {
    seal: newest.seal,
    open: (place, sealed) => (all.find((one) => opens(one, place, sealed)) ?? newest).open(place, sealed),
    isOutdated: (place, sealed) => !opens(newest, place, sealed),
  }
}

type Seal = Pick<SealedText, 'seal' | 'open'>

function sealWith(derived: Buffer): Seal {
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
