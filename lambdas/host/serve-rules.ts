import { z } from 'zod'
import type { AskBuild } from './ask-build.ts'
import type { RunRules } from './run-rules.ts'
import { parseBody } from './serving.ts'

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

/** `…/rules`, body `{ calls: [{ coordinate, args }] }`, answer `{ outcomes }`. */
export function askRules(runRules: RunRules): AskBuild {
  return async (body, call) => ({ outcomes: await runRules(parseBody(rulesBody, body).calls, call) })
}
