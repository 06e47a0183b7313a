import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { type ExecutionResult, graphql, parse } from 'graphql'
import { createRemoteJWKSet } from 'jose'
import { createGatewayTokenVerifier } from '../../foundation/gateway-token.ts'
import type { Viewer } from '../../foundation/viewer.ts'
import { type PluginBuild, type PluginFile, platformAddition } from '../../schema/plugin-build.ts'

const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@override", "@requires", "@external"])'

/** A third of a lease. */
const renewEveryMs = 5_000

type Desk = (ask: { do: string; types?: string[] }, client: string) => unknown
type Rule = (args: Record<string, unknown>, viewer: Viewer) => unknown

/**
 * The treaty of schema/plugin-build.ts over real HTTP, for plugins whose first file is their SDL: every String field of
 * theirs answers with the build's digest. A file that says BROKEN is refused. What else a build says of itself is JSON,
 * in a second file.
 *
 * @param rules of every plugin, by coordinate: what they answer is sent as it is
 * @param desk what is answered at the desk
 */
export async function startTestLambdaHost(
  gatewayUrl: string,
  rules: Readonly<Record<string, Rule>> = {},
  desk: Desk = () => true,
) {
  const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl))
  const verify = createGatewayTokenVerifier('lambdas', jwks)
  const builds = new Map<string, string>()
  const server = createServer(async (request, response) => {
    if (request.url === '/health/live') return response.end('{}')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = JSON.parse(Buffer.concat(chunks).toString())
    const token = request.headers.authorization?.replace('Bearer ', '')
    const { viewer } = await verify(token)
    const [, digest, what] = /\/builds\/(\w+)\/(graphql|rules)$/.exec(request.url ?? '') ?? []
    const [, asked] = /^\/clients\/([^/]+)\/desk$/.exec(request.url ?? '') ?? []
    const runRules = (calls: { coordinate: string; args: Record<string, unknown> }[]) =>
      calls.map(({ coordinate, args }) => rules[coordinate]?.(args, viewer))
    const answer = asked
      ? { answer: await desk(body, asked) }
      : what === 'rules'
        ? { outcomes: runRules(body.calls) }
        : digest
          ? await run(builds.get(digest) ?? '', digest, body)
          : build(builds, body.files, Object.keys(rules))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let renewing: NodeJS.Timeout | undefined
  return {
    url,
    /** Once; its lease is renewed until it is closed. */
    async register(credential: string) {
      const send = () =>
        fetch(`${gatewayUrl}/modules/lambdas/instances/one`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
          body: JSON.stringify({ sdl: '', version: '1', url }),
        })
      // A gateway that is away is part of many a test.
      renewing = setInterval(() => send().catch(() => undefined), renewEveryMs).unref()
      return send()
    },
    async close() {
      clearInterval(renewing)
      server.closeAllConnections()
      server.close()
    },
  }
}

function build(builds: Map<string, string>, [file, more]: PluginFile[], rules: string[]): PluginBuild {
  if (!file || file.content.includes('BROKEN')) {
    const path = file?.path ?? null
    return { ok: false, errors: [{ code: 'PLUGIN_SYNTAX', message: 'It is broken.', file: path, line: 1 }] }
  }
  const sdl = file.content + platformAddition + federation
  const digest = createHash('sha256').update(`${sdl}${more?.content}`).digest('hex')
  builds.set(digest, sdl)
  const needs = { scopes: [], egress: [] }
  const said = JSON.parse(more?.content ?? '{}')
  return {
    ok: true,
    digest,
    sdl,
    functions: ['User.tier'],
    rules,
    handlers: [],
    needs,
    documents: [],
    ...said,
  }
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
