import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { RunRules } from './run-rules.ts'
import { type CallOfBuild, parseBody } from './serving.ts'

const rulesBody = z.object({
  calls: z
    .array(
      z.object({
        coordinate: z.string().regex(/^(Query|Mutation|Subscription)\.[_A-Za-z]\w*$/),
        args: z.record(z.string(), z.unknown()),
      }),
    )
    .max(200),
})

/** `POST /clients/<client>/builds/<digest>/rules`, body `{ calls: [{ coordinate, args }] }`, answer `{ outcomes }`. */
export function serveRules(app: FastifyInstance, callOfBuild: CallOfBuild, runRules: RunRules): void {
  app.post<{ Params: { client: string; digest: string } }>(
    '/clients/:client/builds/:digest/rules',
    async (request) => {
      const call = await callOfBuild(request, request.params)
      return { outcomes: await runRules(parseBody(rulesBody, request.body).calls, call) }
    },
  )
}
