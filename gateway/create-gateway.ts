import type { AddressInfo } from 'node:net'
import type { Close } from '../foundation/closing.ts'
import { createGatewayTokenSigner, lambdaAudience } from '../foundation/gateway-token.ts'
import type { Log } from '../foundation/log.ts'
import { createSigningKeys } from '../foundation/signing-keys.ts'
import { type CredentialStore, createAuthenticator } from './access/authenticate.ts'
import { createGatewayTokenKeys } from './access/gateway-token-keys.ts'
import { createControlGraph } from './control/control-graph.ts'
import { createRequestBuild } from './control/request-build.ts'
import { createHttpServer } from './http/http-server.ts'
import { expireDeadInstances } from './registry/expire-dead-instances.ts'
import { createInstancePicker } from './registry/instance-picker.ts'
import { openPlatformDatabase } from './registry/platform-database.ts'
import { readClientGraph } from './registry/read-client-graph.ts'
import { registerInstance, removeInstance } from './registry/register-instance.ts'
import { openRegistry, type Registry } from './registry/registry.ts'
import { createSigningKeyStore } from './registry/signing-key-store.ts'
import { buildGeneration } from './supergraph/build-generation.ts'
import { createConnect } from './supergraph/connect.ts'
import { createGenerations } from './supergraph/generations.ts'
import { createAcquireGraph } from './viewer-graph.ts'
import { startWebSocketServer } from './ws/websocket-server.ts'

export type GatewayOptions = {
  /** The database `platform`, its migrations applied. */
  databaseUrl: string
  /** Each module's own secret, by the module's name: who may register under it. */
  moduleCredentials: ReadonlyMap<string, string>
  log: Log
}

export type Gateway = {
  /** Begins to answer; resolves with where. @throws when the port is taken */
  listen(address: { host: string; port: number }): Promise<string>
  /** Stops accepting, lets operations in flight end, closes everything. */
  close: Close
}

const pollMs = 3_000

/** The only place where the gateway's parts meet. */
export async function createGateway({
  databaseUrl,
  moduleCredentials,
  log,
}: GatewayOptions): Promise<Gateway> {
  const db = openPlatformDatabase(databaseUrl)
  await expireDeadInstances(db, log)
  const signingKeys = await createSigningKeys(createSigningKeyStore(db))
  const registry = await openRegistry({ db, url: databaseUrl, pollMs, log })
  const { state } = registry
  const authenticator = createAuthenticator({
    ...registeredCredentials(registry),
    gatewayTokenKeys: createGatewayTokenKeys(signingKeys),
  })

  const sign = createGatewayTokenSigner(signingKeys)
  const pick = createInstancePicker(state)
  const connect = createConnect(pick, sign)
  const generations = createGenerations({
    graphOf: (client) => readClientGraph(state(), client),
    build: (graph, number) => buildGeneration(graph, number, { connect, log }),
    log,
  })
  registry.onReload(() => {
    generations.swap().catch((error) => log.error({ err: error }, 'a swap failed'))
  })
  const serve = async () => {
    await registry.refresh()
    await generations.swap()
  }

  const requestBuild = createRequestBuild(() => pick(lambdaAudience), sign)
  const control = await createControlGraph({ db, state, requestBuild, serve }, log)
  const acquire = createAcquireGraph(generations, control.graph)
  const server = await createHttpServer({
    authenticate: authenticator.authenticate,
    acquire,
    registration: {
      credentials: moduleCredentials,
      async register(instance) {
        const registration = await registerInstance(db, instance, log)
        if (registration.ok && registration.changed) await registry.refresh()
        return registration
      },
      remove: (instance) => removeInstance(db, instance),
    },
    publicKeys: signingKeys.publicKeys,
    log,
  })
  const closeSockets = startWebSocketServer({
    server: server.server,
    authenticator,
    acquire,
    onCredentialsChange: registry.onReload,
    log,
  })

  return {
    async listen(address) {
      await server.listen(address)
      return urlOf(server.server.address(), address.host)
    },
    close: once(async () => {
      await Promise.all([closeSockets(), server.close()])
      await registry.close()
      await generations.close()
      await Promise.all([control.close(), connect.close(), signingKeys.close()])
      await db.$disconnect()
    }),
  }
}

function registeredCredentials({ state }: Registry): Omit<CredentialStore, 'gatewayTokenKeys'> {
  return {
    findKey: (hash) => state().apiKeys.get(hash),
    hasKey: (id) => state().apiKeyIds.has(id),
    hasClient: (slug) => state().clients.has(slug),
    // Whatever other modules send, only this one signs people in.
    userTokenKeys: () => state().modules.get('users')?.tokenKeys ?? [],
  }
}

/** As others on this machine reach it. */
function urlOf(address: string | AddressInfo | null, host: string): string {
  if (address === null || typeof address === 'string') throw new Error('The server has no address.')
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}`
}

function once(close: Close): Close {
  let closed: Promise<void> | null = null
  return () => {
    closed ??= close()
    return closed
  }
}
