import type { Env } from '../foundation/service.ts'
import type { Database } from './database.ts'
import { modules, type Secrets } from './secrets.ts'

/** A service to start: in this process or in one of its own, with the same settings either way. */
export type Service = { name: string /** Its main.ts. */; main: URL; env: Env }

export type ServiceOptions = {
  host: string
  port: number
  logLevel: string
  database: Database
  /** Where events go between modules: a Redis, or the database `bus`. */
  busUrl: string
  secrets: Secrets
  /** Settings of the gateway's own, handed on as they were given. */
  gatewaySettings: Env
}

/** Where each service's main.ts is. */
const mains = {
  gateway: new URL('../gateway/main.ts', import.meta.url),
  users: new URL('../subgraphs/users/main.ts', import.meta.url),
  data: new URL('../subgraphs/data/main.ts', import.meta.url),
  analytics: new URL('../subgraphs/analytics/main.ts', import.meta.url),
  notifications: new URL('../subgraphs/notifications/main.ts', import.meta.url),
  lambdas: new URL('../lambdas/host/main.ts', import.meta.url),
}

export const serviceMains: readonly URL[] = Object.values(mains)

/** The gateway first: it is the door the others knock at. */
export function listServices(options: ServiceOptions): Service[] {
  return [gatewayService(options), ...modules.map((name) => moduleService(name, options))]
}

function gatewayService(options: ServiceOptions): Service {
  const { host, port, logLevel, database, busUrl, secrets, gatewaySettings } = options
  const credentials = Object.entries(secrets.moduleCredentials).map(([name, secret]) => `${name}=${secret}`)
  return {
    name: 'gateway',
    main: mains.gateway,
    env: {
      ...gatewaySettings,
      HOST: host,
      PORT: String(port),
      LOG_LEVEL: logLevel,
      DATABASE_URL: database.urls.platform,
      TRELLIS_BUS_URL: busUrl,
      TRELLIS_MODULE_CREDENTIALS: credentials.join(','),
    },
  }
}

function moduleService(name: (typeof modules)[number], options: ServiceOptions): Service {
  const { logLevel, database, busUrl, secrets } = options
  return {
    name,
    main: mains[name],
    env: {
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: logLevel,
      DATABASE_URL: database.urls[name],
      TRELLIS_GATEWAY_URL: gatewayUrl(options),
      TRELLIS_MODULE_CREDENTIAL: secrets.moduleCredentials[name],
      TRELLIS_BUS_URL: busUrl,
      ...(name === 'users' ? { TRELLIS_FIELD_KEY: secrets.fieldKey } : {}),
      ...(name === 'lambdas' ? { TRELLIS_SECRETS_KEY: secrets.secretsKey } : {}),
    },
  }
}

/** How this machine reaches a gateway that may listen on all its addresses. */
export function gatewayUrl({ host, port }: { host: string; port: number }): string {
  const reachable =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `http://${reachable}:${port}`
}
