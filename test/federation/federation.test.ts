import { type ExecutionResult, parse, validate } from 'graphql'
import { executeOperation } from '../../gateway/execution/execute-operation.ts'
import { createPlanner, type Planner } from '../../gateway/planning/create-planner.ts'
import { createHttpSubgraph } from '../../gateway/transports/http-subgraph.ts'
import { cases } from './cases.ts'
import { compose, parseSubgraph } from './compose.ts'
import type { Question } from './federation-case.ts'
import { createMonolith, startApolloGateway } from './oracles.ts'
import { type RunningSubgraph, startSubgraph } from './start-subgraph.ts'

const nowhere = 'http://127.0.0.1:1'

for (const { shows, subgraphs, monolith, questions } of cases) {
  describe(shows, () => {
    const running = new Map<string, RunningSubgraph>()
    const supergraph = compose(subgraphs)
    const planner = createPlanner(supergraph)
    const answerWhole = createMonolith(createPlanner(supergraph).schema, monolith)

    beforeAll(async () => {
      for (const [name, { sdl, resolvers }] of Object.entries(subgraphs)) {
        running.set(name, await startSubgraph(parseSubgraph(sdl), resolvers))
      }
    })
    afterAll(async () => {
      for (const subgraph of running.values()) await subgraph.kill()
    })

    for (const question of questions) {
      test(`${question.asks}`, async () => {
        const urls = urlsFor(running, question)
        for (const { calls } of running.values()) calls.length = 0
        const ours = await answerFederated(planner, urls, question)
        expect({ data: ours.data, errors: summary(ours) }).toEqual({
          data: question.data,
          errors: (question.errors ?? []).toSorted(byPath).map((error) => expect.objectContaining(error)),
        })
        expect(JSON.stringify(ours.data)).toBe(JSON.stringify(question.data))
        if (question.calls) expect(callsMade(running)).toEqual(question.calls)
      })

      const { unlikeMonolith, unlikeApollo } = question
      if (!unlikeMonolith && !question.dead) {
        test(`${question.asks}: as one schema answers`, async () => {
          const whole = await answerWhole(parse(question.query), question.variables ?? {})
          expect(JSON.stringify(whole.data)).toBe(JSON.stringify(question.data))
          expect(paths(whole)).toEqual(paths({ errors: question.errors ?? [] }))
        })
      }
      if (!unlikeApollo) {
        test(`${question.asks}: as Apollo's gateway answers`, async () => {
          const apollo = await startApolloGateway(supergraph, urlsFor(running, question))
          try {
            const { data } = await apollo.answer(parse(question.query), question.variables ?? {})
            expect(JSON.stringify(data)).toBe(JSON.stringify(question.data))
          } finally {
            await apollo.stop()
          }
        })
      }
    }
  })
}

function urlsFor(
  running: ReadonlyMap<string, RunningSubgraph>,
  { dead = [] }: Question,
): Map<string, string> {
  return new Map([...running].map(([name, { url }]) => [name, dead.includes(name) ? nowhere : url]))
}

async function answerFederated(
  planner: Planner,
  urls: ReadonlyMap<string, string>,
  { query, variables = {} }: Question,
): Promise<ExecutionResult> {
  const document = parse(query)
  expect(validate(planner.schema, document)).toEqual([])
  const subgraphs = new Map(
    [...urls].map(([audience, url]) => [
      audience,
      createHttpSubgraph({ audience, endpoint: () => `${url}/graphql`, sign: null, timeoutMs: 5_000 }),
    ]),
  )
  try {
    const operation = await planner.plan(document, undefined)
    const caller = { viewer: null, depth: 0, traceparent: undefined }
    const { signal } = new AbortController()
    return await executeOperation(operation, { schema: planner.schema, subgraphs, caller, variables, signal })
  } finally {
    for (const subgraph of subgraphs.values()) await subgraph.close()
  }
}

function summary({ errors = [] }: ExecutionResult) {
  return errors
    .map(({ path, message, extensions }) => ({ path, message, code: extensions.code }))
    .sort(byPath)
}

function byPath(a: { path?: unknown }, b: { path?: unknown }): number {
  return JSON.stringify(a.path) < JSON.stringify(b.path) ? -1 : 1
}

function paths({ errors = [] }: { errors?: readonly { path?: readonly (string | number)[] | undefined }[] }) {
  return errors.map(({ path }) => JSON.stringify(path)).sort()
}

function callsMade(running: ReadonlyMap<string, RunningSubgraph>): string[] {
  return [...running].flatMap(([name, { calls }]) => calls.map(({ query }) => `${name}: ${query}`))
}
