import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { TrellisError } from '../../foundation/errors.ts'

/** Each module's own secret, by the module's name. */
export type ModuleCredentials = ReadonlyMap<string, string>

/**
 * A module that is not known and a secret that is not its own are refused alike, and in the same time.
 *
 * @throws {TrellisError} UNAUTHENTICATED
 */
export function requireModule(request: FastifyRequest, name: string, credentials: ModuleCredentials): void {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const expected = credentials.get(name)
  const isEqual = timingSafeEqual(digestOf(given), digestOf(expected ?? ''))
  if (!isEqual || !expected)
    throw new TrellisError('UNAUTHENTICATED', 'This is not the credential of that module.')
}

/** Digests have the same length whatever was sent, which the comparison in constant time needs. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
