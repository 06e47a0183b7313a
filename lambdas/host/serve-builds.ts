import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import type { AskBuild } from './ask-build.ts'
import type { Build } from './create-build.ts'
import type { RunPlugin } from './run-plugin.ts'
import { parseBody, type Verify } from './serving.ts'

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

/** `…/graphql`: a build as a subgraph. */
export function askGraphql(run: RunPlugin): AskBuild {
  return (body, call) => run(parseBody(graphqlBody, body), call)
}
