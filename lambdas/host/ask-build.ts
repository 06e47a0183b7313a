import type { FastifyInstance } from 'fastify'
import type { AnswerInProcess, InProcessAnswer } from '../../foundation/in-process-calls.ts'
import type { PluginCall } from './run-plugin.ts'
import type { CallOfBuild, ErrorAnswer, ReadBody } from './serving.ts'

/** What is asked of one build; answers what goes out as JSON. @throws {TrellisError} */
export type AskBuild = (body: unknown, call: PluginCall) => Promise<object>

export type BuildDoor = {
  callOfBuild: CallOfBuild
  /** By the last step of the path: `POST /clients/<client>/builds/<digest>/<name>`. */
  asks: ReadonlyMap<string, AskBuild>
}

export function serveAsks(app: FastifyInstance, { callOfBuild, asks }: BuildDoor): void {
  for (const [name, ask] of asks) {
    app.post<{ Params: { client: string; digest: string } }>(
      `/clients/:client/builds/:digest/${name}`,
      async ({ headers, params, body }) => ask(body, await callOfBuild(headers, params)),
    )
  }
}

const pathOfBuild = /^\/clients\/([\w-]+)\/builds\/([\w-]+)\/(\w+)$/

/** The same for services of this process. */
export function answerAsks(
  { callOfBuild, asks }: BuildDoor,
  { readBody, answerError }: { readBody: ReadBody; answerError: ErrorAnswer },
): AnswerInProcess {
  return ({ path, headers, body }) => {
    const [, client = '', digest = '', name = ''] = pathOfBuild.exec(path) ?? []
    const ask = asks.get(name)
    if (!ask) return null
    const run = async () => ask(readBody(body), await callOfBuild(headers, { client, digest }))
    return run().then(
      (answer) => written(200, answer),
      (error) => {
        const { status, body } = answerError(error)
        return written(status, body)
      },
    )
  }
}

function written(status: number, body: object): InProcessAnswer {
  return { status, contentType: 'application/json', text: JSON.stringify(body) }
}
