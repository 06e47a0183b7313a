import type { Close } from '../../foundation/closing.ts'
import { lambdaAudience, type SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { InProcessCalls } from '../../foundation/in-process-calls.ts'
import { createHttpRules } from '../transports/http-rules.ts'
import { createHttpSubgraph } from '../transports/http-subgraph.ts'
import type { Subgraph } from '../transports/subgraph-fetch.ts'
import type { Connect } from './build-generation.ts'

/** For one call of a module, in milliseconds. */
const timeoutMs = 10_000

export type PickInstance = {
  /** The base URL of a living instance of a module, for one client always the same one; undefined when there is none. */
  pick(module: string, client?: string): string | undefined
  /** What is at this address could not be reached. */
  avoid(url: string): void
}

export type ConnectOptions = {
  sign: SignGatewayToken
  /** What is answered by the gateway itself, by its name. */
  own: ReadonlyMap<string, Subgraph>
  /** Services of this process, asked without a connection. @default there are none */
  inProcess?: InProcessCalls | undefined
}

/** The ways to modules and plugins. A module's is shared by all clients, with its connections. */
export function createConnect(
  { pick, avoid }: PickInstance,
  { sign, own, inProcess }: ConnectOptions,
): Connect & { close: Close } {
  const modules = new Map<string, Subgraph & { close: Close }>()
  return {
    module(name) {
      const known = own.get(name) ?? modules.get(name)
      if (known) return known
      const subgraph = createHttpSubgraph({
        audience: name,
        endpoint: () => graphqlOf(pick(name)),
        onUnreachable: avoid,
        sign,
        timeoutMs,
        inProcess,
      })
      modules.set(name, subgraph)
      return subgraph
    },
    plugin(client, digest) {
      const buildUrl = () => {
        const host = pick(lambdaAudience, client)
        return host && `${host.replace(/\/$/, '')}/clients/${client}/builds/${digest}`
      }
      const calls = { audience: lambdaAudience, onUnreachable: avoid, sign, timeoutMs, inProcess }
      const subgraph = createHttpSubgraph({ ...calls, endpoint: () => graphqlOf(buildUrl()) })
      const rules = createHttpRules({ ...calls, endpoint: () => rulesOf(buildUrl()) })
      return {
        ...subgraph,
        rules: rules.run,
        async close() {
          await Promise.all([subgraph.close(), rules.close()])
        },
      }
    },
    async close() {
      await Promise.all([...modules.values()].map((subgraph) => subgraph.close()))
    },
  }
}

/** Where an instance answers GraphQL; it registers with its base URL. */
function graphqlOf(baseUrl: string | undefined): string | undefined {
  return baseUrl && `${baseUrl.replace(/\/$/, '')}/graphql`
}

/** Where the host asks the rules of a build. */
function rulesOf(buildUrl: string | undefined): string | undefined {
  return buildUrl && `${buildUrl}/rules`
}
