import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** What the command line takes from the environment; flags come first. */
export const cliSettings = z.object({
  /** The platform's GraphQL endpoint. @default the platform on this machine */
  TRELLIS_ENDPOINT: z.url('is not a URL').optional(),
  /** The client's DEPLOY key. @default that of the demo client of the platform on this machine */
  TRELLIS_DEPLOY_KEY: z.string().min(1).optional(),
  /** An operator's key, for grants. @default that of the platform on this machine */
  TRELLIS_OPERATOR_KEY: z.string().min(1).optional(),
  /** The data directory of the platform on this machine. */
  TRELLIS_DATA: z.string().default(fileURLToPath(new URL('../.trellis', import.meta.url))),
})

export type CliSettings = z.infer<typeof cliSettings>

/** The shell of somebody who also runs the platform has its settings, too: those are none of ours. */
export function ownEnv(env: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name in cliSettings.shape))
}
