import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto'
import { TrellisError } from '../foundation/errors.ts'

/** Which list of which client: a cursor of one place is refused in every other. */
export type Place = {
  client: string /** With all that selects or orders: `users`, `notifications:<user>:unread`. */
  list: string
}

/** The values of the ordering columns at one entry: JSON scalars. A date is its ISO string. */
export type Position = readonly (string | number | boolean | null)[]

/** Opaque cursors of lists. Nothing is stored: a cursor holds its position, and a signature that binds it to its place. */
export type Cursors = {
  write(place: Place, position: Position): string
  /** @throws {TrellisError} CURSOR_INVALID for anything `write` did not make for this place */
  read(place: Place, cursor: string): Position
}

const signatureBytes = 16

/** @param secret common to all instances of a module, long and random: its credential; cursors die with it */
export function createCursors(secret: string): Cursors {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'trellis list cursors', 32)))
  const sign = (place: Place, body: Uint8Array) =>
    createHmac('sha256', key)
      .update(JSON.stringify([place.client, place.list]))
      .update(body)
      .digest()
      .subarray(0, signatureBytes)

  return {
    write(place, position) {
      const body = Buffer.from(JSON.stringify(position))
      return Buffer.concat([sign(place, body), body]).toString('base64url')
    },
    read(place, cursor) {
      const bytes = Buffer.from(cursor, 'base64url')
      const [signature, body] = [bytes.subarray(0, signatureBytes), bytes.subarray(signatureBytes)]
      // Decoding is lenient; a cursor is exactly what `write` made.
      const exact = bytes.toString('base64url') === cursor
      const genuine =
        exact && signature.length === signatureBytes && timingSafeEqual(signature, sign(place, body))
      if (!genuine) throw new TrellisError('CURSOR_INVALID', 'The cursor does not belong to this list.')
      return JSON.parse(body.toString()) as Position
    },
  }
}
