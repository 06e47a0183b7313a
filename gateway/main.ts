import { parseArgs } from 'node:util'
import { ConfigError } from '../foundation/config.ts'
import { type Env, type RunningService, runService, type StartOptions } from '../foundation/service.ts'

/** The platform's gateway, as the environment says. */
export async function start(env: Env, options?: StartOptions): Promise<RunningService> {
  const { startPlatform } = await import('./start-platform.ts')
  return startPlatform(env, options)
}

/** One supergraph is served without loading the platform, whose database client takes 35 MB. */
async function startFromCommandLine(env: Env): Promise<RunningService> {
  const supergraph = readSupergraphOption()
  if (supergraph === undefined) return start(env)
  const { startSupergraph } = await import('./start-supergraph.ts')
  return startSupergraph(supergraph, env)
}

function readSupergraphOption(): string | undefined {
  try {
    return parseArgs({ options: { supergraph: { type: 'string' } } }).values.supergraph
  } catch (error) {
    throw new ConfigError(`${String(error)}\nUsage: node gateway/main.ts [--supergraph FILE|URL]`)
  }
}

if (import.meta.main) await runService('gateway', startFromCommandLine)
