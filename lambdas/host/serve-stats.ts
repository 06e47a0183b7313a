import type { FastifyInstance } from 'fastify'
import { TrellisError } from '../../foundation/errors.ts'
import type { StatsKeeper } from './lambda-stats.ts'
import type { Verify } from './serving.ts'

/** `GET /clients/<client>/builds/<digest>/stats`: schema/lambda-stats.ts, for operators and the client's deployers. */
export function serveStats(app: FastifyInstance, verify: Verify, stats: StatsKeeper): void {
  app.get<{ Params: { client: string; digest: string } }>(
    '/clients/:client/builds/:digest/stats',
    async (request) => {
      const { viewer } = await verify(request)
      const { client, digest } = request.params
      if (viewer.kind !== 'OPERATOR' && !(viewer.kind === 'DEPLOYER' && viewer.client === client))
        throw new TrellisError('NOT_FOUND', 'There is no such build.')
      return { stats: stats.of(client, digest) }
    },
  )
}
