import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Close } from '../../foundation/closing.ts'
import { createGatewayTokenSigner } from '../../foundation/gateway-token.ts'
import {
  createSigningKeys,
  type PublicKey,
  type PublicKeyStore,
  type SigningKeys,
} from '../../foundation/signing-keys.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'

export type RegistrationCall = {
  method: string
  path: string
  authorization: string | undefined
  /** Null for DELETE. */
  body: ModuleRegistration | null
}

/** The network edge of a module under test: the gateway's keys, and its registry as a list of what was asked of it. */
export type GatewayStandIn = {
  url: string
  registrations: RegistrationCall[]
  token(viewer: Viewer, audience: string): Promise<string>
  /** Signs like the gateway, with this instance's key. */
  keys: SigningKeys
  close: Close
}

/** What the stand-in's graph answers to one request. */
export type AnswerGraphQL = (
  request: { query: string; variables?: object },
  authorization: string,
) => object | Promise<object>

export async function startGatewayStandIn(
  leaseSeconds = 3600,
  answerGraphQL: AnswerGraphQL = () => ({ data: null }),
): Promise<GatewayStandIn> {
  const keys = await createSigningKeys(keysInMemory())
  const sign = createGatewayTokenSigner(keys)
  const registrations: RegistrationCall[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const sent = await text(request)
    response.setHeader('content-type', 'application/json')
    if (path === '/.well-known/jwks.json') {
      response.end(JSON.stringify({ keys: await keys.publicKeys() }))
      return
    }
    if (path === '/graphql') {
      response.end(JSON.stringify(await answerGraphQL(JSON.parse(sent), headers.authorization ?? '')))
      return
    }
    const body: ModuleRegistration | null = sent === '' ? null : JSON.parse(sent)
    registrations.push({ method, path, authorization: headers.authorization, body })
    response.end(JSON.stringify({ leaseSeconds }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    registrations,
    token: (viewer, audience) => sign({ viewer, depth: 0 }, audience),
    keys,
    async close() {
      await keys.close()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

export function keysInMemory(): PublicKeyStore {
  const saved = new Map<string, PublicKey>()
  return {
    async save(key) {
      saved.set(key.kid, key)
    },
    list: async () => [...saved.values()],
  }
}
