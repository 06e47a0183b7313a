import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { graphql } from 'graphql'
import { faultOfValue, fieldOf } from '../lambdas/local/field-call.ts'
import { argumentFor, type Given } from '../lambdas/local/lambda-argument.ts'
import { type LocalIsolates, openLocalIsolates } from '../lambdas/local/local-isolates.ts'
import { type LocalWorld, powersIn } from '../lambdas/local/local-world.ts'
import { createMemoryStore, type MemoryStore } from '../lambdas/local/memory-store.ts'
import { type LocalPlugin, type LocalRun, openLocalPlugin } from '../lambdas/local/open-local-plugin.ts'
import { readPluginFolder } from '../lambdas/local/plugin-folder.ts'
import type { Rejection, RuleViewer } from './plugin.ts'

/**
 * The kit for an author's own tests: the plugin runs in the isolate it runs in on the platform, under the same limits,
 * and what is around it (the graph, the net, the clock) is what the test says.
 */

/** What is around the plugin. */
export type TestWorld = {
  /** What the graph answers. @default nothing: to ask it is an error */
  graph?: GraphAnswers | AnswerGraph
  /** Who is calling. @default a user `u1` with the role MEMBER */
  viewer?: RuleViewer
  /** The names of the flags that are on. */
  flags?: readonly string[]
  /** By name. */
  secrets?: Readonly<Record<string, string>>
  /** What the net answers. Only hosts of `needs.egress` are asked. @default nothing: to fetch is an error */
  fetch?: (request: FetchedRequest) => FetchedAnswer | Promise<FetchedAnswer>
  /** What the clock says to the plugin: RFC 3339. It stands still. @default the time it is */
  now?: string
}

/** By the name of the operation: its data, or what makes it from the variables. What that throws is an error of the graph. */
export type GraphAnswers = Readonly<Record<string, object | ((variables: Variables) => unknown)>>
export type AnswerGraph = (question: AskedQuestion) => unknown
// biome-ignore lint/suspicious/noExplicitAny: the test knows what its plugin sends.
type Variables = Readonly<Record<string, any>>

export type AskedQuestion = {
  /** Null where the document does not name it. */
  operation: string | null
  document: string
  variables: Variables
  /** `ctx.graphql`: caller; `ctx.asPlugin.graphql`: plugin. */
  as: 'caller' | 'plugin'
}

export type FetchedRequest = {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body: string | null
}
export type FetchedAnswer = { status: number; headers?: Readonly<Record<string, string>>; body?: string }

export type PluginUnderTest = {
  /** Answers a root field: `resolve('Query.bestCustomers', { first: 2 })`. @throws {LambdaError} */
  resolve<Value = unknown>(lambda: string, args?: Variables): Promise<Value>
  /** Answers a field of these objects; an Error is the failure of that one. @throws {LambdaError} */
  resolveAll<Value = unknown>(lambda: string, objects: readonly object[], args?: Variables): Promise<Value[]>
  /** Asks the rule of a root field: the arguments it goes on with, or why it does not. @throws {LambdaError} */
  rule(coordinate: string, args: Variables, viewer?: RuleViewer): Promise<RuleAnswer>
  /** Hands an event to its handler. What is left out of it is made up. @throws {LambdaError} */
  on(
    type: string,
    event: { subject: string; data?: unknown; id?: string; actor?: string | null },
  ): Promise<void>
  /** What was asked of the graph so far, in order. So with the other lists. */
  asked: readonly AskedQuestion[]
  emitted: readonly { type: string; subject: string; data: unknown }[]
  fetched: readonly FetchedRequest[]
  /** `info: …` */
  logs: readonly string[]
  kv: Pick<MemoryStore, 'get' | 'set' | 'delete' | 'entries'>
  /** Moves the clock: RFC 3339. */
  setTime(now: string): void
}

export type RuleAnswer = { args: Variables; reject?: never } | (Rejection & { args?: never })

/** A lambda that failed, or met a limit; `code` is what its caller would see. */
export class LambdaError extends Error {
  override name = 'LambdaError'
  readonly code: string
  /** Where in the plugin's files it was thrown, where that is known; the first line of the stack, too. */
  readonly place: { file: string; line: number } | null

  constructor(code: string, message: string, place: LambdaError['place'] = null) {
    super(message)
    this.code = code
    this.place = place
    if (place) this.stack = this.stack?.replace(/\n {4}at /, `\n    at ${place.file}:${place.line}$&`)
  }
}

/** A graph out of a schema: documents are validated against it, and its resolvers answer. */
export function graphOf({ typeDefs, resolvers }: { typeDefs: string; resolvers: object }): AnswerGraph {
  const schema = makeExecutableSchema({
    typeDefs,
    resolvers: { ...resolvers },
    assumeValidSDL: true,
    resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
  })
  return async ({ document, variables, as }) => {
    const source = { schema, source: document, variableValues: { ...variables }, contextValue: { as } }
    const { data, errors } = await graphql(source)
    if (errors?.[0]) throw errors[0]
    return data
  }
}

let isolates: LocalIsolates | null = null
after(() => isolates?.close())

/**
 * The plugin of a folder, with nothing kept yet and an isolate of its own.
 *
 * @param folder where `plugin.ts` is: `new URL('.', import.meta.url)` in a test beside it
 * @throws with a line for each fault, when the plugin would be refused
 */
export async function testPlugin(folder: string | URL, world: TestWorld = {}): Promise<PluginUnderTest> {
  const path = typeof folder === 'string' ? folder : fileURLToPath(folder)
  const read = await readPluginFolder(path)
  if (!read) throw new Error(`There is no plugin.ts in ${path}.`)
  isolates ??= openLocalIsolates()
  const opened = await openLocalPlugin(read.files, isolates)
  if (opened.ok) return underTest(opened.plugin, world)
  const lines = opened.errors.map(
    ({ code, message, file, line }) =>
      `${file ?? path}${line === null ? '' : `:${line}`}  ${code}  ${message}`,
  )
  throw new Error(lines.join('\n'))
}

function underTest(plugin: LocalPlugin, world: TestWorld): PluginUnderTest {
  const asked: AskedQuestion[] = []
  const emitted: PluginUnderTest['emitted'][number][] = []
  const fetched: FetchedRequest[] = []
  const logs: string[] = []
  let now = world.now === undefined ? undefined : timeOf(world.now)
  const kv = createMemoryStore(() => now ?? Date.now())
  const around: LocalWorld = {
    async graph(question) {
      const named = { ...question, operation: nameOf(question.document) }
      asked.push(named)
      return answerGraph(world.graph, named)
    },
    kv,
    secrets: world.secrets ?? {},
    emit: (event) => emitted.push(event),
    async fetch(request) {
      fetched.push(request)
      if (!world.fetch) throw new Error(`The test has no answer to ${request.method} ${request.url}.`)
      const { status, headers = {}, body = '' } = await world.fetch(request)
      return { status, headers, body }
    },
    needs: plugin.build.needs,
  }
  const powers = powersIn(around)

  async function run(lambda: string, given: Partial<Given>): Promise<unknown> {
    const whole: Given = { args: {}, parents: [], event: {}, viewer: world.viewer ?? member, ...given }
    const argument = argumentFor(plugin, lambda, whole)
    const facts = { viewer: whole.viewer, flags: world.flags ?? [] }
    const { outcome, logs: lines } = await plugin.run({ lambda, argument, facts, powers, now })
    logs.push(...lines)
    return valueIn(outcome)
  }

  return {
    async resolve<Value>(lambda: string, args: Variables = {}) {
      const value = await run(lambda, { args })
      return checked<Value>(value, faultOf(plugin, lambda, value))
    },
    async resolveAll<Value>(lambda: string, objects: readonly object[], args: Variables = {}) {
      const values = await run(lambda, { args, parents: objects })
      const list = Array.isArray(values) ? values.map(asValue) : []
      return list.map((one) =>
        checked<Value>(one, one instanceof Error ? null : faultOf(plugin, lambda, one)),
      )
    },
    async rule(coordinate, args, viewer) {
      return (await run(`rule:${coordinate}`, { args, ...(viewer && { viewer }) })) as RuleAnswer
    },
    async on(type, event) {
      const time = new Date(now ?? Date.now()).toISOString()
      await run(`on:${type}`, { event: { time, ...event } })
    },
    asked,
    emitted,
    fetched,
    logs,
    kv,
    setTime(time) {
      now = timeOf(time)
    },
  }
}

const member: RuleViewer = { kind: 'USER', userId: 'u1', roles: ['MEMBER'] }

/** As the graph answers: an error of its own for what the test's answer throws. */
async function answerGraph(graph: TestWorld['graph'], question: AskedQuestion): Promise<object> {
  try {
    return { data: await dataOf(graph, question) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL_SERVER_ERROR'
    return { data: null, errors: [{ message, extensions: { code } }] }
  }
}

async function dataOf(graph: TestWorld['graph'], question: AskedQuestion): Promise<unknown> {
  if (typeof graph === 'function') return graph(question)
  const answer = graph?.[question.operation ?? '']
  if (answer === undefined)
    throw new Error(`The test has no answer to the operation ${question.operation ?? question.document}.`)
  return typeof answer === 'function' ? answer(question.variables) : answer
}

function nameOf(document: string): string | null {
  return /^\s*(?:query|mutation)\s+(\w+)/m.exec(document)?.[1] ?? null
}

function faultOf({ schema }: LocalPlugin, lambda: string, value: unknown): string | null {
  const field = fieldOf(schema, lambda)
  return field && faultOfValue(value, field.type)
}

function valueIn(outcome: LocalRun['outcome']): unknown {
  if (outcome.ok) return outcome.value
  throw new LambdaError(outcome.code, outcome.message, outcome.place)
}

function asValue(one: unknown): unknown {
  const failed = typeof one === 'object' && one !== null && 'error' in one
  return failed ? new LambdaError('LAMBDA_FAILED', String(one.error)) : one
}

/** The test says which type it expects; that it fits the schema is known here. */
function checked<Value>(value: unknown, fault: string | null): Value {
  if (fault) throw new LambdaError('LAMBDA_INVALID_RESULT', fault)
  return value as Value
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new Error(`${text} is no time: 2026-01-31T12:00:00Z is one.`)
  return time
}
