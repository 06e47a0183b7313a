import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type ExecutionResult, graphql, parse } from 'graphql'
import { createRemoteJWKSet } from 'jose'
import { verifyGatewayToken } from '../../foundation/gateway-token.ts'
import type { PluginBuild, PluginFile } from '../../schema/plugin-build.ts'

const federation = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n`

/**
 * The treaty of schema/plugin-build.ts over real HTTP, for plugins whose one file is their SDL: every String field of
 * theirs answers with the build's digest. A file that says BROKEN is refused.
 */
export async function startTestLambdaHost(gatewayUrl: string) {
  const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl))
  const builds = new Map<string, string>()
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return response.end('{}')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString())
    await verifyGatewayToken(request.headers.authorization?.replace('Bearer ', ''), 'lambdas', jwks)
    const digest = /\/builds\/(\w+)\/graphql$/.exec(request.url ?? '')?.[1]
    const answer = digest ? await run(builds.get(digest) ?? '', digest, body) : build(builds, body.files)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    register: (credential: string) =>
      fetch(`${gatewayUrl}/modules/lambdas/instances/one`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ sdl: '', version: '1', url }),
      }),
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function build(builds: Map<string, string>, [file]: PluginFile[]): PluginBuild {
  if (!file || file.content.includes('BROKEN')) {
    const path = file?.path ?? null
    return { ok: false, errors: [{ code: 'PLUGIN_SYNTAX', message: 'It is broken.', file: path, line: 1 }] }
  }
  const sdl = federation + file.content
  const digest = createHash('sha256').update(sdl).digest('hex')
  builds.set(digest, sdl)
  const needs = { scopes: [], egress: [] }
  return { ok: true, digest, sdl, functions: ['User.tier'], rules: [], handlers: [], needs }
}

function run(
  sdl: string,
  digest: string,
  body: { query: string; variables: object },
): Promise<ExecutionResult> {
  const schema = buildSubgraphSchema(parse(sdl))
  const fieldResolver = (
    source: Record<string, unknown>,
    _arguments: unknown,
    _context: unknown,
    info: { fieldName: string },
  ) => source?.[info.fieldName] ?? digest
  return graphql({ schema, source: body.query, variableValues: { ...body.variables }, fieldResolver })
}
