import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import type { SessionCredentials } from './sessions.ts'

/**
 * An answer is kept for its repetition, but so that it can be read with the spent token alone: the database holds that
 * only as a hash. A token seals one answer in its life, so that the zero nonce is never used twice with a key.
 */
export function sealAnswer(credentials: SessionCredentials, spentToken: string): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv('aes-256-gcm', keyOf(spentToken), nonce)
  const body = Buffer.concat([cipher.update(JSON.stringify(credentials), 'utf8'), cipher.final()])
  return Uint8Array.from(Buffer.concat([cipher.getAuthTag(), body]))
}

/** @throws when this token did not seal it */
export function openAnswer(sealed: Uint8Array, spentToken: string): SessionCredentials {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(spentToken), nonce, { authTagLength: tagBytes })
  decipher.setAuthTag(sealed.subarray(0, tagBytes))
  const text = Buffer.concat([decipher.update(sealed.subarray(tagBytes)), decipher.final()]).toString('utf8')
  const { accessToken, accessTokenExpiresAt, refreshToken } = JSON.parse(text)
  return { accessToken, accessTokenExpiresAt: new Date(accessTokenExpiresAt), refreshToken }
}

const tagBytes = 16
const nonce = Buffer.alloc(12)

function keyOf(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'trellis refresh answer', 32))
}
