import {
  defaultPrintOptions,
  operationFromDocument,
  printSchema,
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  type Schema,
  Supergraph,
} from '@apollo/federation-internals'
import { type QueryPlan as ApolloQueryPlan, QueryPlanner } from '@apollo/query-planner'
import { buildSchema, type DocumentNode, type GraphQLError, parse, print, visit } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { batchFetches } from './batch-fetches.ts'
import { createWithPlaces } from './event-places.ts'
import { fetchGraph } from './fetch-graph.ts'
import { createWithIndependents } from './independent-fetch.ts'
import { createWithKeys, keyFieldsOf } from './keyed-representations.ts'
import { operationToPlan } from './operation-to-plan.ts'
import { type PlannerSupergraph, toPlannerSupergraph } from './planner-supergraph.ts'
import type { PlanNode, QueryPlan, SubscriptionNode } from './query-plan.ts'
import { readOperation } from './read-operation.ts'
import { restoreRequiredFields } from './restore-required-fields.ts'
import { dependantsOf } from './unconditional-dependants.ts'

/** An error of planning as plain data. `positions` are offsets in the operation's text. */
export type PlanFault = {
  code: string
  message: string
  positions: readonly number[]
  /** What is for the log only. */
  cause: string | null
}

export type PlanAnswer = { ok: true; plan: QueryPlan } | { ok: false; faults: PlanFault[] }

/** Who composed a supergraph: this gateway, or somebody elsewhere. */
export type SupergraphOrigin = 'ours' | 'foreign'

/** The planner of one supergraph, from text to plain data: it works the same in a thread of its own. */
export type TextPlanner = {
  /** SDL of the API schema. */
  apiSdl: string
  /** Parses, validates and plans. Total: whatever is wrong with the text is an answer. */
  plan(query: string, operationName: string | undefined): PlanAnswer
}

/**
 * @param origin `ours`: it is known to be valid, and to look again is a third of the building
 * @throws when the supergraph is not one (a composition result always is)
 */
export function createTextPlanner(supergraphSdl: string, origin: SupergraphOrigin = 'foreign'): TextPlanner {
  const document = parse(supergraphSdl, { noLocation: true })
  const source = toPlannerSupergraph(document)
  // What is external to the planner alone would be refused.
  const isAsGiven = source.variants.isEmpty() && source.services.size === 0
  const supergraph = Supergraph.build(source.document, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    validateSupergraph: origin === 'foreign' && isAsGiven,
  })
  const plannerApi = supergraph.apiSchema()
  // Fetches that are joined, split or searched for their fields have to be in one piece.
  const queryPlanner = new QueryPlanner(supergraph, { reuseQueryFragments: false })
  const apiSdl = apiSdlOf(plannerApi, source)
  const schema = buildSchema(apiSdl, { assumeValid: true, noLocation: true })

  const dependants = dependantsOf(document)
  const keyFields = keyFieldsOf(document)
  const withKeys = createWithKeys(keyFields)
  const withIndependents = createWithIndependents(dependants, keyFields)
  const withPlaces = createWithPlaces(document)

  const makePlan = (document: DocumentNode): QueryPlan => {
    const operation = operationFromDocument(plannerApi, document, { validate: false })
    const { node } = queryPlanner.buildQueryPlan(operation)
    const restored = restoreRequiredFields(asPlainData(node, source.services), source.variants)
    if (!restored) return {}
    const whole = withPlaces(withIndependents(withKeys(restored)))
    const plan = whole.kind === 'Subscription' ? whole.rest : whole
    return { node: whole, ...(plan && { calls: batchFetches(fetchGraph(plan)) }) }
  }
  return {
    apiSdl,
    plan(query, operationName) {
      try {
        const read = readOperation(query, operationName, schema)
        if (!read.ok) return { ok: false, faults: read.errors.map(toFault) }
        return {
          ok: true,
          plan: makePlan(operationToPlan({ schema, dependants }, read.document, read.operation)),
        }
      } catch (error) {
        return { ok: false, faults: [error instanceof TrellisError ? toFault(error) : unplannable(error)] }
      }
    },
  }
}

function apiSdlOf(schema: Schema, { variants }: PlannerSupergraph): string {
  const sdl = printSchema(schema, { ...defaultPrintOptions, mergeTypesAndExtensions: true })
  if (variants.isEmpty()) return sdl
  const api = visit(parse(sdl, { noLocation: true }), {
    FieldDefinition({ name }) {
      return variants.get(name.value) ? null : undefined
    },
  })
  return print(api)
}

/**
 * `@defer` is refused before, so that the planner never makes a plan of it.
 *
 * @throws {TrellisError} UNSUPPORTED_DIRECTIVE for `@fromContext`, which a supergraph that was composed elsewhere may have
 */
function asPlainData(
  node: ApolloQueryPlan['node'],
  services: PlannerSupergraph['services'],
): PlanNode | SubscriptionNode | undefined {
  return (
    node &&
    JSON.parse(JSON.stringify(node), (key, value: unknown) => {
      if (key === 'contextRewrites') {
        throw new TrellisError(
          'UNSUPPORTED_DIRECTIVE',
          'A field of the operation needs @fromContext, which is not served here.',
        )
      }
      return key === 'serviceName' && typeof value === 'string' ? (services.get(value) ?? value) : value
    })
  )
}

function toFault({ message, extensions, positions = [] }: GraphQLError): PlanFault {
  return { code: String(extensions.code), message, positions, cause: null }
}

function unplannable(error: unknown): PlanFault {
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: 'The operation could not be planned.',
    positions: [],
    cause,
  }
}
