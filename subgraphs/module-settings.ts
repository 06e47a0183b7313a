import { z } from 'zod'

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** The settings every module has. A module with more spreads these into its own `z.object`. */
export const moduleSettings = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(0),
  LOG_LEVEL: z.enum(levels).default('info'),
  DATABASE_URL: z.url(),
  TRELLIS_GATEWAY_URL: z.url(),
  TRELLIS_MODULE_CREDENTIAL: z.string().min(16),
  /** Where the gateway reaches this instance; by default where it listens (foundation/reachable-url.ts). */
  TRELLIS_MODULE_URL: z.url().optional(),
  TRELLIS_BUS_URL: z.url(),
}

export type ModuleSettings = z.infer<z.ZodObject<typeof moduleSettings>>
