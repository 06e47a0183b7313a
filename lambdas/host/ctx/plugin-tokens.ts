import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { TrellisError } from '../../../foundation/errors.ts'
import type { PluginToken, PluginTokenRequest } from '../../../schema/plugin-registry.ts'

/** The gateway's token for a plugin's own rights. @throws {TrellisError} FORBIDDEN, SUBGRAPH_UNAVAILABLE */
export type PluginTokens = (request: PluginTokenRequest) => Promise<string>

export type PluginTokensOptions = {
  gatewayUrl: string
  /** The module credential of `lambdas`. */
  credential: string
}

const answerSchema: z.ZodType<PluginToken> = z.object({ token: z.string(), expiresAt: z.string() })
const timeoutMs = 5_000
/** Before a token's end: what is asked with it may take a while. */
const marginMs = 30_000
const tokensKept = 10_000

/** Tokens are used again while they live: what they allow is decided by the gateway, anew each time. */
export function createPluginTokens({ gatewayUrl, credential }: PluginTokensOptions): PluginTokens {
  const url = new URL('/registry/plugin-tokens', gatewayUrl)
  const tokens = new LRUCache<string, Promise<string>>({ max: tokensKept })

  async function request(wanted: PluginTokenRequest, name: string): Promise<string> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: JSON.stringify(wanted),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => null)
    if (!response || response.status >= 500)
      throw new TrellisError(
        'SUBGRAPH_UNAVAILABLE',
        'The gateway cannot be reached for rights of the plugin.',
      )
    if (!response.ok) throw new TrellisError('FORBIDDEN', 'The plugin has no rights of its own now.')
    const { token, expiresAt } = answerSchema.parse(await response.json())
    const livesMs = Date.parse(expiresAt) - Date.now() - marginMs
    if (livesMs > 0) tokens.set(name, Promise.resolve(token), { ttl: livesMs })
    else tokens.delete(name)
    return token
  }

  return (wanted) => {
    const name = JSON.stringify([wanted.client, wanted.depth])
    const known = tokens.get(name)
    if (known) return known
    const requested = request(wanted, name)
    tokens.set(name, requested, { ttl: timeoutMs })
    requested.catch(() => tokens.delete(name))
    return requested
  }
}
