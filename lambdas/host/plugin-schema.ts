import { buildSubgraphSchema } from '@apollo/subgraph'
import DataLoader from 'dataloader'
import { type GraphQLFieldResolver, type GraphQLSchema, parse } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'

/** Runs one lambda in the plugin's isolate. JSON text in and out. */
export type RunLambda = (lambda: string, argument: string, repeatable: boolean) => Promise<string>

/** Made for one request: what is loaded for one viewer is never given to another. */
export type PluginRequest = {
  run: RunLambda
  /** One for each field and arguments: all objects of a fetch cross into the isolate together. */
  batches: Map<string, DataLoader<object, unknown>>
}

/** A build that can be asked: its schema, and the script its resolvers are in. */
export type ExecutablePlugin = { schema: GraphQLSchema; bundle: string }

type Outcome = { value: unknown } | { error: string }
type BatchOutcome = Outcome[] | { invalid: string }

const maxArgumentChars = 1_000_000
const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation'])

/** The plugin as an executable subgraph. Its values go through GraphQL's own completion: a bad one costs its field. */
export function buildPluginSchema(sdl: string, functions: readonly string[]): GraphQLSchema {
  const resolvers: Record<string, Record<string, GraphQLFieldResolver<object, PluginRequest, object>>> = {}
  for (const lambda of functions) {
    const [type = '', field = ''] = lambda.split('.')
    const resolve = rootTypes.has(type) ? rootResolver(lambda) : batchedResolver(lambda)
    resolvers[type] = { ...resolvers[type], [field]: resolve }
  }
  return buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }])
}

function rootResolver(lambda: string) {
  const repeatable = lambda.startsWith('Query.')
  return async (_root: unknown, args: object, { run }: PluginRequest) => {
    const outcome: Outcome = JSON.parse(await run(lambda, argumentText({ parent: null, args }), repeatable))
    return valueOrThrow(outcome)
  }
}

function batchedResolver(lambda: string) {
  return (parent: object, args: object, request: PluginRequest) => {
    const name = `${lambda} ${JSON.stringify(args)}`
    let batch = request.batches.get(name)
    if (!batch) {
      batch = new DataLoader((parents) => runBatch(lambda, { parents, args, request }), { cache: false })
      request.batches.set(name, batch)
    }
    return batch.load(parent)
  }
}

type Batch = { parents: readonly object[]; args: object; request: PluginRequest }

async function runBatch(lambda: string, { parents, args, request }: Batch): Promise<unknown[]> {
  const text = argumentText({ parent: parents, args })
  const outcome: BatchOutcome = JSON.parse(await request.run(lambda, text, true))
  if (!Array.isArray(outcome)) throw new TrellisError('LAMBDA_INVALID_RESULT', outcome.invalid)
  return outcome.map((one) => ('error' in one ? failed(one.error) : one.value))
}

function argumentText(argument: { parent: unknown; args: object }): string {
  const text = JSON.stringify(argument)
  if (text.length > maxArgumentChars)
    throw new TrellisError(
      'LAMBDA_RESULT_TOO_LARGE',
      `A lambda is given at most ${maxArgumentChars} characters of JSON.`,
    )
  return text
}

function valueOrThrow(outcome: Outcome): unknown {
  if ('error' in outcome) throw failed(outcome.error)
  return outcome.value
}

function failed(message: string): TrellisError {
  return new TrellisError('LAMBDA_FAILED', message.slice(0, 1000))
}
