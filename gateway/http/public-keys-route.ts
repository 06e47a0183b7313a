import type { FastifyInstance } from 'fastify'
import type { JWK } from 'jose'

/** The public keys that modules verify the gateway's tokens with. */
export function addPublicKeysRoute(server: FastifyInstance, publicKeys: () => Promise<JWK[]>): void {
  server.get('/.well-known/jwks.json', async () => ({ keys: await publicKeys() }))
}
