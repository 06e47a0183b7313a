import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { TrellisError } from '../foundation/errors.ts'

/** What a cursor belongs to. It is of no use anywhere else. */
export type CursorScope = { client: string; stream: string }

export type Cursors = {
  /** A cursor for the place just after `position`; the same place always has the same cursor. */
  encode(scope: CursorScope, position: number): string
  /** @throws {TrellisError} CURSOR_INVALID when it is not this log's cursor for this scope */
  decode(scope: CursorScope, cursor: string): number
}

const nonceBytes = 12
const positionBytes = 8
const tagBytes = 16

/**
 * Cursors of one log. A cursor is its position, encrypted and authenticated (AES-256-GCM) together with the names of
 * client, stream and epoch. Encrypted, because positions run over all clients of a module: the difference of two would
 * tell one client how much the others do. The nonce is an HMAC of all that is sealed, so it never repeats for another
 * message, and equal places have equal cursors.
 *
 * @param key the log's `cursor_key`, any length
 * @param epoch names this log's life: cursors of the log before it are refused
 */
export function createCursors(key: Uint8Array, epoch: string): Cursors {
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', key, epoch, `trellis cursor ${use}`, 32))
  const sealKey = derive('seal')
  const nonceKey = derive('nonce')

  return {
    encode(scope, position) {
      const plain = Buffer.alloc(positionBytes)
      plain.writeBigUInt64BE(BigInt(position))
      const named = nameScope(scope, epoch)
      const nonce = createHmac('sha256', nonceKey)
        .update(plain)
        .update(named)
        .digest()
        .subarray(0, nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(named)
      const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final()])
      return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
    },
    decode(scope, cursor) {
      const sealed = Buffer.from(cursor, 'base64url')
      // Node's decoder passes over foreign characters: a cursor has one spelling only.
      if (
        sealed.length !== nonceBytes + positionBytes + tagBytes ||
        sealed.toString('base64url') !== cursor
      ) {
        throw invalidCursor()
      }
      const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, nonceBytes))
        .setAAD(nameScope(scope, epoch))
        .setAuthTag(sealed.subarray(-tagBytes))
      const plain = decipher.update(sealed.subarray(nonceBytes, -tagBytes))
      try {
        decipher.final()
      } catch {
        throw invalidCursor()
      }
      return Number(plain.readBigUInt64BE())
    },
  }
}

/** JSON, so that no two scopes run together into the same bytes. */
function nameScope({ client, stream }: CursorScope, epoch: string): Buffer {
  return Buffer.from(JSON.stringify([client, stream, epoch]))
}

function invalidCursor(): TrellisError {
  return new TrellisError('CURSOR_INVALID', 'This cursor is not one of this stream.')
}
