import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import type { Build } from './create-build.ts'
import type { RunPlugin } from './run-plugin.ts'
import { type CallOfBuild, parseBody, type Verify } from './serving.ts'

const buildBody = z.object({
  files: z.array(z.object({ path: z.string().min(1), content: z.string() })).max(1_000),
})
const graphqlBody = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).optional(),
  operationName: z.string().optional(),
})

/** `POST /clients/<client>/builds`: the treaty of schema/plugin-build.ts. */
export function serveBuilding(app: FastifyInstance, verify: Verify, build: Build): void {
  app.post<{ Params: { client: string } }>('/clients/:client/builds', async (request) => {
    const { client } = request.params
    const { viewer } = await verify(request)
    const allowed = viewer.kind === 'OPERATOR' || (viewer.kind === 'DEPLOYER' && viewer.client === client)
    if (!allowed)
      throw new TrellisError('FORBIDDEN', 'Only a deployer of the client, or an operator, builds its plugin.')
    return build(client, parseBody(buildBody, request.body).files)
  })
}

/** `POST /clients/<client>/builds/<digest>/graphql`: a build as a subgraph. */
export function serveGraphql(app: FastifyInstance, callOfBuild: CallOfBuild, run: RunPlugin): void {
  app.post<{ Params: { client: string; digest: string } }>(
    '/clients/:client/builds/:digest/graphql',
    async (request) => {
      const call = await callOfBuild(request, request.params)
      return run(parseBody(graphqlBody, request.body), call)
    },
  )
}
