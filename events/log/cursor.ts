import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { TrellisError } from '../../foundation/errors.ts'

/** What a cursor belongs to. It is of no use anywhere else. */
export type CursorScope = { client: string; stream: string }

export type Cursors = {
  /** A cursor for the place just after `position`; the same place always has the same cursor. */
  encode(scope: CursorScope, position: number): string
  /**
   * @throws {TrellisError} CURSOR_INVALID when it is not a cursor of this log for this client;
   *   CURSOR_OF_ANOTHER_STREAM; CURSOR_EXPIRED when it is of the log before this one
   */
  decode(scope: CursorScope, cursor: string): number
}

const nonceBytes = 12
const positionBytes = 8
/** Six bytes tell streams and epochs apart; that they are genuine is what the seal says. */
const tagBytes = 6
const plainBytes = positionBytes + 2 * tagBytes
const sealBytes = 16

/**
 * Cursors of one log. A cursor is its position with tags of stream and epoch, encrypted and authenticated (AES-256-GCM)
 * together with the client's name. Encrypted, because positions run over all clients of a module: the difference of two
 * would tell one client how much the others do. The nonce is an HMAC of all that is sealed, so it never repeats for
 * another message, and equal places have equal cursors.
 *
 * @param key the log's `cursor_key`, any length; it outlives epochs
 * @param epoch names this log's life
 */
export function createCursors(key: Uint8Array, epoch: string): Cursors {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', key, '', `trellis cursor ${use}`, 32))
  const sealKey = derive('seal')
  const nonceKey = derive('nonce')
  const epochTag = tagOf(epoch)

  return {
    encode({ client, stream }, position) {
      const place = Buffer.alloc(positionBytes)
      place.writeBigUInt64BE(BigInt(position))
      const plain = Buffer.concat([place, tagOf(stream), epochTag])
      const nonce = createHmac('sha256', nonceKey)
        .update(plain)
        .update(client)
        .digest()
        .subarray(0, nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(client))
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final()])
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
    },
    decode({ client, stream }, cursor) {
      const sealed = Buffer.from(cursor, 'base64url')
      // Node's decoder passes over foreign characters: a cursor has one spelling only.
      if (sealed.length !== nonceBytes + plainBytes + sealBytes || sealed.toString('base64url') !== cursor) {
        throw invalidCursor()
      }
      const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes))
        .setAAD(Buffer.from(client))
        .setAuthTag(sealed.subarray(-sealBytes))
      const plain = decipher.update(sealed.subarray(nonceBytes, -sealBytes))
      try {
        decipher.final()
      } catch {
        throw invalidCursor()
      }
      if (!plain.subarray(positionBytes, positionBytes + tagBytes).equals(tagOf(stream))) {
        throw new TrellisError('CURSOR_OF_ANOTHER_STREAM', 'This cursor is one of another subscription.')
      }
      if (!plain.subarray(-tagBytes).equals(epochTag)) throw expiredCursor()
      return Number(plain.readBigUInt64BE())
    },
  }
}

export function expiredCursor(): TrellisError {
  return new TrellisError('CURSOR_EXPIRED', 'The events after this cursor are no longer kept.')
}

function tagOf(name: string): Buffer {
  return createHash('sha256').update(name).digest().subarray(0, tagBytes)
}

function invalidCursor(): TrellisError {
  return new TrellisError('CURSOR_INVALID', 'This cursor is not one of this stream.')
}
