import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from '@apollo/federation-internals'
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  KnownFragmentNamesRule,
  NoUnusedFragmentsRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql'
import { coordinatesOf, type UsedCoordinate } from './coordinates-of.ts'
import { exceedsTextLimits } from './operation-limits.ts'
import { readOperation } from './read-operation.ts'

/** What a document of somebody's code means in a graph. Lines count from 1, in its text. */
export type DocumentReading = {
  /** Of its operation, or of its first fragment. */
  name: string | null
  /** Why it could not be answered. */
  faults: { message: string; line: number | null }[]
  /** What of the graph it uses, where nothing is wrong with it. */
  uses: UsedCoordinate[]
}

/**
 * Reads documents as the operations of the graph's own clients are read. One of fragments alone is part of others: which
 * ones is not asked.
 *
 * @throws when the text is no supergraph
 */
export function readDocuments(supergraphSdl: string, texts: readonly string[]): DocumentReading[] {
  const supergraph = Supergraph.build(supergraphSdl, {
    supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
    validateSupergraph: false,
  })
  const schema = supergraph.apiSchema().toGraphQLJSSchema()
  return texts.map((text) => {
    const read = readFragments(text, schema) ?? readOperation(text, undefined, schema)
    if (!read.ok) return { name: null, faults: read.errors.map(faultOf), uses: [] }
    const [first] = read.document.definitions
    const name = first && 'name' in first ? (first.name?.value ?? null) : null
    return { name, faults: [], uses: coordinatesOf(read.document, schema) }
  })
}

type ReadFragments = { ok: true; document: DocumentNode } | { ok: false; errors: readonly GraphQLError[] }

const rulesOfFragments = specifiedRules.filter(
  (rule) => rule !== NoUnusedFragmentsRule && rule !== KnownFragmentNamesRule,
)

/** Null for a document with anything else than fragments. */
function readFragments(text: string, schema: GraphQLSchema): ReadFragments | null {
  const document = exceedsTextLimits(text) ? null : parseIfPossible(text)
  const isFragments = document?.definitions.every(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
  if (!document || !isFragments) return null
  const errors = validate(schema, document, rulesOfFragments)
  return errors.length === 0 ? { ok: true, document } : { ok: false, errors }
}

function parseIfPossible(text: string): DocumentNode | null {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof GraphQLError) return null
    throw error
  }
}

function faultOf({ message, locations }: GraphQLError): DocumentReading['faults'][number] {
  return { message, line: locations?.[0]?.line ?? null }
}
