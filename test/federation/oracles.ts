import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway'
import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  isAbstractType,
  isObjectType,
  print,
} from 'graphql'
import type { Resolvers } from './federation-case.ts'

type Variables = Readonly<Record<string, unknown>>
export type Answer = (document: DocumentNode, variables: Variables) => Promise<ExecutionResult>

/** graphql-js over one schema that holds everything. */
export function createMonolith(apiSchema: GraphQLSchema, resolvers: Resolvers): Answer {
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = apiSchema.getType(typeName)
    for (const [fieldName, resolve] of Object.entries(fields)) {
      if (isAbstractType(type) && fieldName === '__resolveType') Object.assign(type, { resolveType: resolve })
      else if (isObjectType(type)) Object.assign(type.getFields()[fieldName] ?? {}, { resolve })
      else throw new Error(`The schema has no ${typeName}.${fieldName}.`)
    }
  }
  return async (document, variableValues) => execute({ schema: apiSchema, document, variableValues })
}

/** Apollo's gateway over the same subgraphs. */
export async function startApolloGateway(
  supergraphSdl: string,
  urls: ReadonlyMap<string, string>,
): Promise<{ answer: Answer; stop(): Promise<void> }> {
  const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: silent,
    buildService: ({ name }) => new RemoteGraphQLDataSource({ url: `${urls.get(name)}/graphql` }),
  })
  const loaded = new Promise<GraphQLSchema>((resolve) =>
    gateway.onSchemaLoadOrUpdate(({ apiSchema }) => resolve(apiSchema)),
  )
  const { executor } = await gateway.load()
  const schema = await loaded
  return {
    async answer(document, variables) {
      const query = print(document)
      const request = { query, variables: { ...variables } }
      const operation = getOperationAST(document)
      const context = {
        request,
        schema,
        document,
        operation,
        queryHash: query,
        source: query,
        metrics: {},
        logger: silent,
      }
      return executor({
        ...context,
        context: {},
        cache: undefined,
        operationName: null,
      } as unknown as Parameters<typeof executor>[0])
    },
    stop: () => gateway.stop(),
  }
}

function ignore(): void {
  // Apollo's gateway speaks of its start-up.
}
