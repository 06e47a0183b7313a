import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Close } from '../../foundation/closing.ts'
import { createGatewayTokenSigner, gatewayAudience } from '../../foundation/gateway-token.ts'
import {
  createSigningKeys,
  type PublicKey,
  type PublicKeyStore,
  type SigningKeys,
} from '../../foundation/signing-keys.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import type { PluginOfClient, PluginToken, PluginTokenRequest } from '../../schema/plugin-registry.ts'
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
  /** What the registry says of a client's plugin from now on. Resolves when a host has heard of it. */
  setPlugin(client: string, plugin: Partial<PluginOfClient>): Promise<void>
  token(viewer: Viewer, audience: string): Promise<string>
  /** Signs like the gateway, with this instance's key. */
  keys: SigningKeys
  close: Close
}

/** What the stand-in's graph answers to one request. */
export type AnswerGraphQL = (
  request: { query: string; variables?: object },
  authorization: string,
  traceparent: string | undefined,
) => object | Promise<object>

export async function startGatewayStandIn(
  leaseSeconds = 3600,
  answerGraphQL: AnswerGraphQL = () => ({ data: null }),
): Promise<GatewayStandIn> {
  const keys = await createSigningKeys(keysInMemory())
  const sign = createGatewayTokenSigner(keys)
  const registrations: RegistrationCall[] = []
  const plugins = new Map<string, PluginOfClient>()
  const waiting = new Set<() => void>()
  let revision = 0
  let heard = Promise.withResolvers<void>()
  const pluginOf = (client: string) =>
    plugins.get(client) ?? { client, active: null, grants: { scopes: [], egress: [] }, limits: {}, flags: [] }
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const sent = await text(request)
    response.setHeader('content-type', 'application/json')
    if (path === '/.well-known/jwks.json') {
      response.end(JSON.stringify({ keys: await keys.publicKeys() }))
      return
    }
    if (path === '/graphql') {
      const { authorization = '', traceparent } = headers
      const answer = await answerGraphQL(JSON.parse(sent), authorization, String(traceparent ?? ''))
      response.end(JSON.stringify(answer))
      return
    }
    if (path.startsWith('/registry/plugins')) {
      const after = Number(new URL(path, 'http://gateway').searchParams.get('after') ?? -1)
      const answer = () => response.end(JSON.stringify({ revision, clients: [...plugins.values()] }))
      if (after !== revision) return answer()
      waiting.add(answer)
      heard.resolve()
      return
    }
    if (path === '/registry/plugin-tokens') {
      const { client, depth }: PluginTokenRequest = JSON.parse(sent)
      const { active, grants } = pluginOf(client)
      const viewer: Viewer = { kind: 'PLUGIN', client, release: active?.number ?? 0, scopes: grants.scopes }
      const token = await sign({ viewer, depth }, gatewayAudience)
      const answer: PluginToken = { token, expiresAt: new Date(Date.now() + 240_000).toISOString() }
      response.end(JSON.stringify(answer))
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
    setPlugin(client, plugin) {
      plugins.set(client, { ...pluginOf(client), ...plugin })
      revision += 1
      heard = Promise.withResolvers()
      for (const answer of waiting) answer()
      waiting.clear()
      return heard.promise
    },
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
