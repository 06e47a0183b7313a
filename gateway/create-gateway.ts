import { createHash } from 'node:crypto'
import type { ApolloServerPlugin } from '@apollo/server'
import type { Close } from '../foundation/closing.ts'
import { createGatewayTokenSigner, lambdaAudience } from '../foundation/gateway-token.ts'
import type { InProcessCalls } from '../foundation/in-process-calls.ts'
import type { Log } from '../foundation/log.ts'
import { createSigningKeys } from '../foundation/signing-keys.ts'
import { type CredentialStore, createAuthenticator } from './access/authenticate.ts'
import { createGatewayTokenKeys } from './access/gateway-token-keys.ts'
import { createAskDesk } from './control/ask-desk.ts'
import { createBusAccess } from './control/bus-access.ts'
import { createControlGraph } from './control/control-graph.ts'
import { createReadLambdaStats } from './control/read-lambda-stats.ts'
import { createRequestBuild } from './control/request-build.ts'
import { type Door, openDoor } from './door.ts'
import { addPluginRegistryRoutes } from './http/plugin-registry-route.ts'
import { addPublicKeysRoute } from './http/public-keys-route.ts'
import { addRegistrationRoute } from './http/registration-route.ts'
import { createOwnSubgraph } from './keys/own-subgraph.ts'
import { createPlannerPool, type PlannerPool } from './planning/planner-pool.ts'
import { expireDeadInstances } from './registry/expire-dead-instances.ts'
import { createInstancePicker } from './registry/instance-picker.ts'
import { createKeyUses, type KeyUses } from './registry/key-uses.ts'
import type { ModuleAddresses } from './registry/module-addresses.ts'
import { ownModule } from './registry/own-module.ts'
import { openPlatformDatabase } from './registry/platform-database.ts'
import { createPluginRegistryView } from './registry/plugin-registry.ts'
import { publishClientSdl } from './registry/publish-client-sdl.ts'
import { readClientGraph } from './registry/read-client-graph.ts'
import { registerInstance, removeInstance } from './registry/register-instance.ts'
import { openRegistry, type Registry } from './registry/registry.ts'
import { tellOutage } from './registry/registry-outage.ts'
import { relayRegistryEvents } from './registry/relay-registry-events.ts'
import { createSigningKeyStore } from './registry/signing-key-store.ts'
import { createStateFile } from './registry/state-file.ts'
import { buildGeneration } from './supergraph/build-generation.ts'
import { clientGraphHash } from './supergraph/client-graph.ts'
import { createConnect } from './supergraph/connect.ts'
import { createGenerations } from './supergraph/generations.ts'
import { summarize } from './supergraph/graph-change.ts'
import { readContractKey } from './supergraph/graph-key.ts'
import type { OperationContext } from './supergraph/operation-context.ts'
import { createAcquireClientGraph, createAcquireGraph } from './viewer-graph.ts'
import type { SocketLimits } from './ws/socket-limits.ts'

export type GatewayOptions = {
  /** The database `platform`. */
  databaseUrl: string
  /** Applies its migrations, once it can be reached. @default they are applied */
  migrate?(): Promise<void>
  /** Where the last state of the registry is kept, for a start while its database is away. @default nowhere */
  stateFile?: string | undefined
  /** Each module's own secret, by the module's name: who may register under it. */
  moduleCredentials: ReadonlyMap<string, string>
  /** Where instances of each module may be. @default anywhere */
  moduleAddresses?: ModuleAddresses | undefined
  /** The event bus, for operators. @default none: its operations answer NOT_AVAILABLE */
  busUrl?: string | undefined
  /** For every client's graph. Where there are any, operations go through Apollo Server. @default none */
  apolloPlugins?: readonly ApolloServerPlugin<OperationContext>[]
  /** How often the registry looks for changes that it was not told of, in milliseconds. @default 3,000 */
  pollMs?: number | undefined
  /** Services of this process, asked without a connection. @default there are none */
  inProcess?: InProcessCalls | undefined
  /** Of sockets and event streams. */
  limits?: Partial<SocketLimits> | undefined
  /** Threads to compose and plan in, which stay open. @default its own */
  planners?: PlannerPool | undefined
  log: Log
}

export type Gateway = Pick<Door, 'listen' | 'close'>

const defaultPollMs = 3_000

/** The only place where the gateway's parts meet. */
export async function createGateway({
  databaseUrl,
  moduleCredentials,
  moduleAddresses = new Map(),
  migrate,
  stateFile,
  busUrl,
  apolloPlugins,
  pollMs = defaultPollMs,
  inProcess,
  limits,
  planners: givenPlanners,
  log,
}: GatewayOptions): Promise<Gateway> {
  const db = openPlatformDatabase(databaseUrl)
  const registry = await openRegistry({
    db,
    url: databaseUrl,
    pollMs,
    async prepare() {
      await migrate?.()
      await expireDeadInstances(db, log)
    },
    file: stateFile === undefined ? undefined : createStateFile(stateFile, log),
    log,
  })
  const keyStore = createSigningKeyStore(db, () => registry.state().signingKeys, log)
  const signingKeys = await createSigningKeys(keyStore)
  registry.onReload(() => {
    keyStore.makeGood().catch((error) => log.warn({ err: error }, 'the public key could not be saved yet'))
  })
  const { state } = registry
  const keyUses = createKeyUses(db, log)
  const authenticator = createAuthenticator({
    ...registeredCredentials(registry, keyUses),
    gatewayTokenKeys: createGatewayTokenKeys({
      publicKeys: signingKeys.publicKeys,
      refresh: registry.refresh,
    }),
  })

  const sign = createGatewayTokenSigner(signingKeys)
  const instances = createInstancePicker(state)
  const seed = createHash('sha256')
    .update([...moduleCredentials].sort().join('\n'))
    .digest()
  const own = createOwnSubgraph({ db, state, refresh: registry.refresh, seed }, log)
  const connect = createConnect(instances, { sign, own: new Map([[ownModule.name, own]]), inProcess })
  const planners = givenPlanners ?? createPlannerPool()
  const generations = createGenerations({
    graphOf(key) {
      const { client, tags } = readContractKey(key)
      return readClientGraph(state(), client, tags)
    },
    hashOf: clientGraphHash,
    summarize,
    build: (graph, order) =>
      buildGeneration(graph, order, { connect, compose: planners.compose, planners, apolloPlugins, log }),
    log,
  })
  registry.onReload(() => {
    generations.swap().catch((error) => log.error({ err: error }, 'a swap failed'))
  })
  const { refresh } = registry
  const judging = { db, compose: planners.compose, readDocuments: planners.readDocuments }
  const serve = async (client: string) => {
    await refresh()
    return generations.serve(client)
  }

  const requestBuild = createRequestBuild(() => instances.pick(lambdaAudience), sign)
  const askDesk = createAskDesk(() => instances.pick(lambdaAudience), sign)
  const readStats = createReadLambdaStats({ urls: () => instances.living(lambdaAudience), sign, log })
  const bus = createBusAccess(busUrl, log)
  const closeRelay = busUrl === undefined ? null : relayRegistryEvents({ ...bus, databaseUrl, log })
  const control = await createControlGraph(
    {
      ...judging,
      state,
      requestBuild,
      refresh,
      serve,
      bus,
      generations,
      readStats,
      askDesk,
    },
    log,
  )
  const acquire = createAcquireGraph(createAcquireClientGraph(generations, log), control.graph)
  const door = await openDoor({
    authenticator,
    acquire,
    onCredentialsChange: registry.onReload,
    faults: () => faultsOf(registry),
    limits,
    log,
  })
  addRegistrationRoute(door.server, {
    credentials: moduleCredentials,
    addresses: moduleAddresses,
    register: (instance) =>
      tellOutage(async () => {
        const registration = await registerInstance(judging, instance, log)
        if (registration.ok && registration.changed) await refresh()
        return registration
      }),
    remove: (instance) => tellOutage(() => removeInstance(db, instance)),
    publish: (sdl) =>
      tellOutage(async () => {
        const published = await publishClientSdl(judging, sdl)
        if (published.ok) await refresh()
        return published
      }),
  })
  addPluginRegistryRoutes(door.server, {
    credentials: moduleCredentials,
    view: createPluginRegistryView(registry),
    findClient: (slug) => state().clients.get(slug),
    sign,
  })
  addPublicKeysRoute(door.server, signingKeys.publicKeys)

  return {
    listen: door.listen,
    close: once(async () => {
      await door.close()
      await registry.close()
      await generations.close()
      await keyUses.close()
      await closeRelay?.()
      await Promise.all([
        control.close(),
        bus.close(),
        connect.close(),
        givenPlanners ? undefined : planners.close(),
        signingKeys.close(),
      ])
      await db.$disconnect()
    }),
  }
}

function registeredCredentials(
  { state }: Registry,
  uses: KeyUses,
): Omit<CredentialStore, 'gatewayTokenKeys'> {
  return {
    findKey(hash) {
      const key = state().apiKeys.get(hash)
      if (key) uses.note(key.id)
      return key
    },
    keyOf: (id) => state().apiKeysById.get(id),
    hasClient: (slug) => state().clients.has(slug),
    grantedScopes: (client) => state().clients.get(client)?.grants.scopes ?? [],
    allowedDepth: (client) => state().clients.get(client)?.limits.depth,
    // Whatever other modules send, only this one signs people in.
    userTokenKeys: () => state().modules.get('users')?.tokenKeys ?? [],
  }
}

function faultsOf({ awaySince }: Registry): string[] {
  const since = awaySince()
  if (!since) return []
  return [
    `The registry's database cannot be read since ${since.toISOString()}; its last state is served, and nothing of it can be changed.`,
  ]
}

function once(close: Close): Close {
  let closed: Promise<void> | null = null
  return () => {
    closed ??= close()
    return closed
  }
}
