import {
  __Schema,
  __Type,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getIntrospectionQuery,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { fragmentNamed, responseKeyOf, rootFields } from './root-arguments.ts'

/** So much may be asked of a schema, whatever its size: several times what those of the platform have. */
const leastChars = 1_000_000
/** How often all of a larger one may be asked for at once. */
const mostTimes = 3
/** What an answer has around each key and value. */
const punctuationChars = 6

type Valid = { schema: GraphQLSchema; document: DocumentNode; operation: OperationDefinitionNode }

/**
 * Introspection is answered without a subgraph, in one go, by the thread that serves everybody. Lists of fields whose types
 * have lists of fields, and aliases of them, make of a short operation an answer without end.
 */
export function exceedsIntrospection(asked: Valid): TrellisError | null {
  if (introspectionLength(asked, leastChars) <= leastChars) return null
  const most = mostTimes * lengthOfAll(asked.schema)
  if (introspectionLength(asked, most) <= most) return null
  return new TrellisError(
    'OPERATION_TOO_COMPLEX',
    'The operation asks for too much of the schema at once; split it up.',
  )
}

function lengthOfAll(schema: GraphQLSchema): number {
  const document = parse(getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true }))
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION)
  return operation ? introspectionLength({ schema, document, operation }, Number.POSITIVE_INFINITY) : 0
}

/** Of the answer to what a valid operation asks of the schema itself, in characters, roughly; read no further than `most`. */
function introspectionLength({ schema, document, operation }: Valid, most: number): number {
  const measure = createMeasure({ schema, document, most })
  const types = Object.values(schema.getTypeMap())
  const lengthOf = (field: FieldNode): number => {
    const { name, selectionSet } = field
    if (!selectionSet) return 0
    if (name.value === '__schema') return measure(selectionSet, __Schema, schema)
    if (name.value !== '__type') return 0
    const wanted = typeNameIn(field)
    const candidates = wanted === null ? types : types.filter((type) => type.name === wanted)
    return Math.max(0, ...candidates.map((type) => measure(selectionSet, __Type, type)))
  }
  return sum(rootFields(operation.selectionSet, document).map(lengthOf))
}

/** Null: a variable says it. */
function typeNameIn({ arguments: given = [] }: FieldNode): string | null {
  const value = given.find(({ name }) => name.value === 'name')?.value
  return value?.kind === Kind.STRING ? value.value : null
}

/** Each part of the schema is measured once for each selection of it: the answer would be longer than what is read here. */
function createMeasure({ schema, document, most }: Omit<Valid, 'operation'> & { most: number }) {
  let read = 0
  const known = new Map<SelectionSetNode, Map<unknown, number>>()

  const ofSelections = (set: SelectionSetNode, type: GraphQLObjectType, source: unknown): number => {
    const lengths = known.get(set) ?? new Map<unknown, number>()
    known.set(set, lengths)
    const before = lengths.get(source)
    if (before !== undefined) return before
    const length = sum(
      set.selections.map((selection) => {
        if (selection.kind === Kind.FIELD) return ofField(selection, type, source)
        if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet, type, source)
        const fragment = fragmentNamed(selection.name.value, document)
        return fragment ? ofSelections(fragment.selectionSet, type, source) : 0
      }),
    )
    lengths.set(source, length)
    return length
  }
  const ofField = (node: FieldNode, type: GraphQLObjectType, source: unknown): number => {
    const own = responseKeyOf(node).length + punctuationChars
    read += own
    if (read > most) return Number.POSITIVE_INFINITY
    const field = type.getFields()[node.name.value]
    // `__typename`.
    if (!field?.resolve) return own
    const value: unknown = Reflect.apply(field.resolve, null, [
      source,
      { includeDeprecated: true },
      null,
      { schema },
    ])
    const { selectionSet } = node
    const answered = getNamedType(field.type)
    if (!selectionSet || !isObjectType(answered)) return own + String(value).length
    const parts = Array.isArray(value) ? value : value ? [value] : []
    return own + sum(parts.map((part) => ofSelections(selectionSet, answered, part)))
  }
  return ofSelections
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0)
}
