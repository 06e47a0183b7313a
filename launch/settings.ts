import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { Env } from '../foundation/service.ts'
import { socketLimitSettings } from '../gateway/ws/socket-limit-settings.ts'
import { StartError } from './start-error.ts'

/** What `npm start` can be told. Everything else the services need is made here. */
export const launchSettings = z.object({
  /** Where the gateway listens; everything else listens on 127.0.0.1 only. */
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number('is not a port').int('is not a port').min(0).max(65_535).default(4000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  /** A PostgreSQL server to use in place of the embedded one; the owners' databases are created on it. */
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, 'is not a URL of the form postgresql://user:password@host:5432/postgres')
    .optional(),
  /** A Redis to carry the events between modules, in place of PostgreSQL. */
  REDIS_URL: z.string().refine(isRedisUrl, 'is not a URL of the form redis://host:6379').optional(),
  /** The folder that keeps everything between starts. */
  TRELLIS_DATA: z.string().default('.trellis'),
  /** `1`: demo data also on a server of yours; `0`: none on the embedded one either. */
  TRELLIS_DEMO: z.enum(['0', '1']).optional(),
  /** The folder with the demo clients' plugins, each in one of its own. */
  TRELLIS_PLUGINS: z.string().default(fileURLToPath(new URL('../clients', import.meta.url))),
  /** `0`: saving a file of a plugin is no release. */
  TRELLIS_WATCH: z.enum(['0', '1']).default('1'),
  /** The command line's (cli/settings.ts): in the same shell they are no mistake. */
  TRELLIS_ENDPOINT: z.unknown().optional(),
  TRELLIS_DEPLOY_KEY: z.unknown().optional(),
  TRELLIS_OPERATOR_KEY: z.unknown().optional(),
  ...socketLimitSettings,
})

export type LaunchSettings = z.infer<typeof launchSettings>

export function wantsDemo(settings: LaunchSettings): boolean {
  return settings.TRELLIS_DEMO ? settings.TRELLIS_DEMO === '1' : settings.DATABASE_URL === undefined
}

/** What is the gateway's own among them. */
export function gatewaySettings(settings: LaunchSettings): Env {
  const names = Object.keys(socketLimitSettings) as (keyof typeof socketLimitSettings)[]
  return Object.fromEntries(names.map((name) => [name, String(settings[name])]))
}

/** The command line. @throws {StartError} for anything it does not know */
export function readArguments(args: readonly string[]): { apart: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { apart: { type: 'boolean' } } })
    return { apart: values.apart === true }
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error))
  }
}

function isPostgresUrl(value: string): boolean {
  return URL.canParse(value) && /^postgres(ql)?:$/.test(new URL(value).protocol)
}

function isRedisUrl(value: string): boolean {
  return URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol)
}

/** What a service in a process of its own inherits: the machine's environment (PATH, proxies), none of our settings. */
export function inheritedEnv(env: Env): Env {
  const own = /^(TRELLIS_|npm_)|^(HOST|PORT|DATABASE_URL|REDIS_URL|LOG_LEVEL)$/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)))
}
