import type { AddressInfo } from 'node:net'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import { registerInstance } from '../../foundation/register-instance.ts'
import type { RunningService } from '../../foundation/service.ts'
import type { ModuleRegistration } from '../../schema/registration.ts'
import type { BuildStore } from './build-store.ts'
import { createBuild } from './create-build.ts'
import { createAskGraph } from './ctx/ask-graph.ts'
import { createOpenCall } from './ctx/open-call.ts'
import { createFindBuild } from './find-build.ts'
import { defaultPool, openIsolatePool } from './isolate-pool.ts'
import { createLimitsOf } from './limits-of.ts'
import { openPluginRegistry } from './plugin-registry.ts'
import { createRunLambdas } from './run-lambdas.ts'
import { createPluginRunner } from './run-plugin.ts'
import { createRuleRunner } from './run-rules.ts'
import { serveBuilding, serveGraphql } from './serve-builds.ts'
import { serveRules } from './serve-rules.ts'
import { createApp, createCallOfBuild, createVerify } from './serving.ts'

export type LambdaHostOptions = {
  host: string
  /** 0: any free one. */
  port: number
  /** Where the gateway reaches this instance. @default where it listens */
  publicUrl?: string | undefined
  gatewayUrl: string
  /** Proves the name `lambdas` to the gateway's registry. */
  credential: string
  log: Log
}

const version = '0.1.0'

/**
 * Starts the lambda host: builds plugins (`POST /clients/<client>/builds`) and serves each build as a subgraph
 * (`POST /clients/<client>/builds/<digest>/graphql`) beside its rules, for the gateway's signed calls only. Plugin code runs in the
 * processes of the isolates, never here.
 */
export async function createLambdaHost(
  store: BuildStore,
  options: LambdaHostOptions,
): Promise<RunningService> {
  const { log, gatewayUrl } = options
  const isolates = openIsolatePool({ ...defaultPool, log })
  const registry = openPluginRegistry(options)
  const limitsOf = createLimitsOf(registry)
  const findBuild = createFindBuild(store)
  const runLambdas = createRunLambdas(isolates)
  const openCall = createOpenCall({ registry, askGraph: createAskGraph(gatewayUrl), log })
  const running = { findBuild, limitsOf, runLambdas, openCall, log }

  const app = createApp(log)
  const verify = createVerify(gatewayUrl)
  const callOfBuild = createCallOfBuild(verify)
  serveBuilding(app, verify, await createBuild({ store, isolates, limitsOf }))
  serveGraphql(app, callOfBuild, createPluginRunner(running))
  serveRules(app, callOfBuild, createRuleRunner(running))
  await app.listen({ host: options.host, port: options.port })
  const url = `http://${options.host}:${(app.server.address() as AddressInfo).port}`
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
    close: () => closeInOrder([unregister, async () => app.close(), registry.close, isolates.close]),
  }
}

async function closeInOrder(steps: readonly Close[]): Promise<void> {
  for (const step of steps) await step()
}
