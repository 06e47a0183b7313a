import type { AddressInfo } from 'node:net'
import type { Bus } from '../../events/bus/bus.ts'
import { repeatEvery } from '../../events/bus/repeat-every.ts'
import type { Close } from '../../foundation/closing.ts'
import { createDrain } from '../../foundation/drain-server.ts'
import type { InProcessCalls } from '../../foundation/in-process-calls.ts'
import type { Log } from '../../foundation/log.ts'
import { reachableUrl } from '../../foundation/reachable-url.ts'
import { registerInstance } from '../../foundation/register-instance.ts'
import type { SealingKeys } from '../../foundation/sealed-text.ts'
import type { RunningService } from '../../foundation/service.ts'
import type { PrismaClient } from '../../prisma/generated/lambdas/client.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'
import { answerAsks, serveAsks } from './ask-build.ts'
import { createBuildStore } from './build-store.ts'
import { createBuild } from './create-build.ts'
import { createAskGraph } from './ctx/ask-graph.ts'
import { openEventEmitter } from './ctx/emit-event.ts'
import { createGraphTurns } from './ctx/graph-turns.ts'
import { createKvStore } from './ctx/kv-store.ts'
import { createOpenCall } from './ctx/open-call.ts'
import { createPluginTokens } from './ctx/plugin-tokens.ts'
import { createRedaction } from './ctx/redaction.ts'
import { resealSecrets } from './ctx/reseal-secrets.ts'
import { createSecretStore } from './ctx/secret-store.ts'
import { withRedaction } from './ctx/with-redaction.ts'
import type { Egress } from './egress/create-egress.ts'
import { createFindBuild } from './find-build.ts'
import { createHandlerQueue } from './handlers/handler-queue.ts'
import { startHandlers } from './handlers/start-handlers.ts'
import { type IsolatePoolOptions, openIsolatePool } from './isolate-pool.ts'
import { keepStats } from './lambda-stats.ts'
import { createLimitsOf } from './limits-of.ts'
import { createLogCrossing } from './logs/log-crossing.ts'
import { openPluginLog } from './logs/plugin-log.ts'
import { openPluginRegistry } from './plugin-registry.ts'
import { letGoOfReplaced } from './replaced-releases.ts'
import { createRunLambdas, isolateOf } from './run-lambdas.ts'
import { createPluginRunner } from './run-plugin.ts'
import { createRuleRunner } from './run-rules.ts'
import { askGraphql, serveBuilding } from './serve-builds.ts'
import { serveDesk } from './serve-desk.ts'
import { askRules } from './serve-rules.ts'
import { serveStats } from './serve-stats.ts'
import { createApp, createCallOfBuild, createErrorAnswer, createReadBody, createVerify } from './serving.ts'

/** What the host stands on. */
export type HostGround = {
  db: PrismaClient
  /** The same database, for the connections that Prisma cannot give. */
  databaseUrl: string
  /** Null: plugins emit no events, and handle none. */
  bus: Bus | null
  egress: Egress
  secretsKeys: SealingKeys
  /** Before each further attempt to handle an event, in ms. @default as of the bus */
  handlerRetryDelaysMs?: readonly number[] | undefined
}

export type LambdaHostOptions = {
  host: string
  /** 0: any free one. */
  port: number
  /** Where the gateway reaches this instance. @default where it listens, by the machine's name if on all its addresses */
  publicUrl?: string | undefined
  gatewayUrl: string
  /** Proves the name `lambdas` to the gateway's registry. */
  credential: string
  /** Services of this process, which ask without a connection. @default there are none */
  inProcess?: InProcessCalls | undefined
  pool: Omit<IsolatePoolOptions, 'log'>
  log: Log
}

const version = '0.1.0'
const expireEveryMs = 60_000

/**
 * Starts the lambda host: builds plugins (`POST /clients/<client>/builds`) and serves each build as a subgraph
 * (`POST /clients/<client>/builds/<digest>/graphql`) beside its rules, for the gateway's signed calls only. Plugin code runs in the
 * processes of the isolates, never here.
 */
export async function createLambdaHost(
  { db, databaseUrl, bus, egress, secretsKeys, handlerRetryDelaysMs }: HostGround,
  options: LambdaHostOptions,
): Promise<RunningService> {
  const { log, gatewayUrl } = options
  const store = createBuildStore(db)
  const isolates = openIsolatePool({ ...options.pool, log })
  const registry = openPluginRegistry(options)
  const limitsOf = createLimitsOf(registry)
  const builds = createFindBuild(store)
  const replaced = letGoOfReplaced({
    registry,
    letGo(client, digest) {
      isolates.drop(isolateOf(client, digest))
      builds.forget(client, digest)
    },
  })
  const redaction = createRedaction()
  const pluginLog = openPluginLog(db, log)
  const stats = keepStats()
  const runLambdas = withRedaction(redaction)(
    createRunLambdas(isolates, [createLogCrossing(pluginLog, redaction), stats.note, replaced.note]),
  )
  const kv = createKvStore(db)
  const secrets = createSecretStore(db, secretsKeys)
  await resealSecrets(secrets, log)
  const emitter = bus && openEventEmitter({ db, databaseUrl, bus, log })
  const openCall = createOpenCall(
    {
      ...{ registry, kv, secrets, redaction, emitter, egress },
      askGraph: createAskGraph(gatewayUrl),
      graphTurns: createGraphTurns(),
      tokens: createPluginTokens(options),
    },
    log,
  )
  const running = { findBuild: builds.find, limitsOf, runLambdas, openCall, log }

  const answerError = createErrorAnswer(log)
  const app = createApp(answerError)
  const drain = createDrain(app)
  const verify = createVerify(gatewayUrl)
  serveBuilding(app, verify, await createBuild({ store, isolates, limitsOf }))
  const door = {
    callOfBuild: createCallOfBuild(verify),
    asks: new Map([
      ['graphql', askGraphql(createPluginRunner(running))],
      ['rules', askRules(createRuleRunner(running))],
    ]),
  }
  serveAsks(app, door)
  serveStats(app, verify, stats)
  const handlerQueue = createHandlerQueue(db)
  serveDesk(app, verify, { secrets, pluginLog, queue: handlerQueue })
  const stopHandlers =
    bus &&
    (await startHandlers({
      ...{ db, registry, bus, ...running },
      queue: handlerQueue,
      retryDelaysMs: handlerRetryDelaysMs,
    }))
  const stopExpiring = repeatEvery(expireEveryMs, () =>
    kv.removeExpired().catch((error) => log.warn({ err: error }, 'expired values could not be removed')),
  )
  await app.listen({ host: options.host, port: options.port })
  const url = await reachableUrl(options.host, (app.server.address() as AddressInfo).port)
  const answerInProcess = answerAsks(door, { readBody: createReadBody(app), answerError })
  const leaveProcess = options.inProcess?.answerAt(url, answerInProcess)
  const unregister = registerInstance({
    ...options,
    name: 'lambdas',
    registration: async (): Promise<ModuleRegistration> => ({
      sdl: '',
      version,
      url: options.publicUrl ?? url,
    }),
  })
  log.info({ url }, 'listening')
  return {
    url,
    close: () =>
      closeInOrder([
        unregister,
        async () => leaveProcess?.(),
        drain,
        async () => stopHandlers?.(),
        stopExpiring,
        replaced.close,
        registry.close,
        isolates.close,
        pluginLog.close,
        async () => emitter?.close(),
      ]),
  }
}

async function closeInOrder(steps: readonly Close[]): Promise<void> {
  for (const step of steps) await step()
}
