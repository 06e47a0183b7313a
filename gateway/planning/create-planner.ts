import {
  operationFromDocument,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  type Schema,
  Supergraph,
} from '@apollo/federation-internals'
import { QueryPlanner } from '@apollo/query-planner'
import {
  buildSchema,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  print,
  visit,
} from 'graphql'
import { LRUCache } from 'lru-cache'
import { TrellisError } from '../../foundation/errors.ts'
import type { PlannedOperation } from './planned-operation.ts'
import { toPlannerSupergraph } from './planner-supergraph.ts'
import { withPrivateAliases } from './private-aliases.ts'
import type { PlanNode, SubscriptionNode } from './query-plan.ts'
import type { RequiredVariants } from './required-variants.ts'
import { restoreRequiredFields } from './restore-required-fields.ts'

export type Planner = {
  /** The API schema: what clients see, validate against and introspect. */
  schema: GraphQLSchema
  /** Every type of every subgraph, what `schema` hides included. */
  supergraph: GraphQLSchema
  /**
   * Plans an operation that is valid in `schema`. Plans are kept, bounded, by document text and operation name.
   *
   * @throws {GraphQLError} UNSUPPORTED_DIRECTIVE for `@defer` and `@stream`; what the planner said when it found no plan
   */
  plan(document: DocumentNode, operationName: string | undefined): Promise<PlannedOperation>
}

const keptPlans = 2_000

/**
 * Apollo's query planner over one supergraph.
 *
 * @throws when the supergraph is not one (a composition result always is)
 */
export function createPlanner(supergraphSdl: string): Planner {
  const { sdl, variants } = toPlannerSupergraph(supergraphSdl)
  const source = Supergraph.build(sdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    validateSupergraph: variants.isEmpty(),
  })
  const apiSchema = source.apiSchema()
  const queryPlanner = new QueryPlanner(source)
  const supergraph = buildSchema(supergraphSdl, { assumeValid: true })
  const plans = new LRUCache<string, PlannedOperation>({ max: keptPlans })

  return {
    schema: Supergraph.build(supergraphSdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES })
      .apiSchema()
      .toGraphQLJSSchema(),
    supergraph,
    async plan(document, operationName) {
      const key = JSON.stringify([operationName ?? null, textOf(document)])
      const kept = plans.get(key)
      if (kept) return kept
      refuseDefer(document)
      const planned = planOperation(
        { queryPlanner, apiSchema, supergraph, variants },
        document,
        operationName,
      )
      plans.set(key, planned)
      return planned
    },
  }
}

type Planning = {
  queryPlanner: QueryPlanner
  apiSchema: Schema
  supergraph: GraphQLSchema
  variants: RequiredVariants
}

function planOperation(
  { queryPlanner, apiSchema, supergraph, variants }: Planning,
  document: DocumentNode,
  operationName: string | undefined,
): PlannedOperation {
  const operation = getOperationAST(document, operationName)
  if (!operation) throw new TrellisError('BAD_USER_INPUT', 'The document has no such operation.')
  try {
    const { node } = queryPlanner.buildQueryPlan(
      operationFromDocument(apiSchema, withPrivateAliases(document), {
        operationName: operation.name?.value,
        validate: false,
      }),
    )
    const restored = restoreRequiredFields(node as PlanNode | SubscriptionNode | undefined, variants)
    return {
      document,
      operation,
      plan: { kind: 'QueryPlan', ...(restored && { node: restored }) },
      supergraph,
    }
  } catch (error) {
    if (error instanceof GraphQLError) throw error
    throw new TrellisError('INTERNAL_SERVER_ERROR', 'The operation could not be planned.', {
      originalError: error instanceof Error ? error : null,
    })
  }
}

function refuseDefer(document: DocumentNode): void {
  visit(document, {
    Directive(directive) {
      const name = directive.name.value
      if (name === 'defer' || name === 'stream') {
        throw new TrellisError('UNSUPPORTED_DIRECTIVE', `@${name} is not served here.`, { nodes: directive })
      }
    },
  })
}

/** Locations in errors point into this very text, so two documents may share a plan only when their texts are equal. */
function textOf(document: DocumentNode): string {
  return document.loc?.source.body ?? print(document)
}
