import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { lambdaAudience, type SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import type { PluginBuild, PluginFile } from '../../schema/plugin-build.ts'
import { pluginDocumentsSchema } from '../registry/read-release.ts'
import { hostRefusal } from './host-refusal.ts'

export type BuildRequest = { client: string; files: readonly PluginFile[]; viewer: Viewer }

export type RequestBuild = (request: BuildRequest) => Promise<PluginBuild>

const timeoutMs = 30_000

const pluginErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  file: z.string().nullable(),
  line: z.number().nullable(),
})

const pluginBuildSchema: z.ZodType<PluginBuild> = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    digest: z.string().min(1),
    sdl: z.string(),
    functions: z.array(z.string()),
    rules: z.array(z.string()),
    handlers: z.array(z.string()),
    needs: z.object({ scopes: z.array(z.string()), egress: z.array(z.string()) }),
    // A host that is older than this gateway reads none.
    documents: pluginDocumentsSchema.default([]),
  }),
  z.object({ ok: z.literal(false), errors: z.array(pluginErrorSchema) }),
])

/**
 * Has the lambda host check and bundle a plugin; the treaty is schema/plugin-build.ts.
 *
 * @param endpoint the base URL of a living host; undefined when there is none
 * @throws {TrellisError} what the host says; SUBGRAPH_UNAVAILABLE without one; SUBGRAPH_INVALID_RESPONSE
 */
export function createRequestBuild(endpoint: () => string | undefined, sign: SignGatewayToken): RequestBuild {
  return async ({ client, files, viewer }) => {
    const url = endpoint()
    if (url === undefined) throw unavailable()
    const token = await sign({ viewer, depth: 0 }, lambdaAudience)
    const response = await fetch(`${url.replace(/\/$/, '')}/clients/${encodeURIComponent(client)}/builds`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ files }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause) => {
      throw unavailable(cause)
    })
    const body: unknown = await response.json().catch(() => undefined)
    const build = pluginBuildSchema.safeParse(body)
    if (build.success) return build.data
    throw (
      hostRefusal(body) ??
      new TrellisError(
        'SUBGRAPH_INVALID_RESPONSE',
        `The lambda host answered ${response.status} and no build.`,
      )
    )
  }
}

function unavailable(cause?: unknown): TrellisError {
  return new TrellisError('SUBGRAPH_UNAVAILABLE', 'The lambda host cannot be reached.', {
    originalError: cause instanceof Error ? cause : null,
  })
}
