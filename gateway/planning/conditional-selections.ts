import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { fragmentNamed, responseKeyOf } from './root-arguments.ts'

// Apollo's planner makes of conditions that hold for all of a fetch one condition around the fetch. Two of its mistakes
// with that are kept from it here.

/**
 * Where all that is selected of an object is under conditions, `__typename` is selected beside it: otherwise the
 * object is not fetched either where they do not hold, and `{ user { name @include(if: $no) } }` is null, not `{}`.
 * `__typename` itself has no condition: it takes the place of the one by which the executor knows the type.
 */
export function withCertainSelections(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field(field) {
      const { selectionSet } = field
      if (field.name.value === '__typename' && !field.alias) return typename
      if (!selectionSet || isCertain(selectionSet, document)) return undefined
      return {
        ...field,
        selectionSet: { ...selectionSet, selections: [typename, ...selectionSet.selections] },
      }
    },
  })
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/** Whether something of it is selected whatever the variables are. Fragments of a valid document end somewhere. */
function isCertain({ selections }: SelectionSetNode, document: DocumentNode): boolean {
  return selections.some((selection) => {
    if (selection.directives?.length) return false
    if (selection.kind === Kind.FIELD) return true
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentNamed(selection.name.value, document)
    return fragment !== undefined && isCertain(fragment.selectionSet, document)
  })
}

type Occurrence = { field: FieldNode; conditions: readonly DirectiveNode[] }

/**
 * The root fields of a mutation, each response key once and in the order in which they are to be carried out. A field
 * that is selected twice, once under a condition, would be carried out twice; one that is selected in several
 * fragments, in another order.
 *
 * @param selectionSet without fragment spreads
 * @throws {TrellisError} BAD_USER_INPUT where variables decide which of several selections of a field is the first:
 *   a plan has one order
 */
export function mergeMutationFields(selectionSet: SelectionSetNode): SelectionSetNode {
  const fields = new Map<string, Occurrence[]>()
  for (const occurrence of occurrencesIn(selectionSet, [])) {
    const key = responseKeyOf(occurrence.field)
    fields.set(key, [...(fields.get(key) ?? []), occurrence])
  }
  return { ...selectionSet, selections: [...fields.values()].map(mergeOccurrences) }
}

function occurrencesIn({ selections }: SelectionSetNode, outer: readonly DirectiveNode[]): Occurrence[] {
  return selections.flatMap((selection): Occurrence[] => {
    const own = selection.directives ?? []
    if (own.some((directive) => constantOf(directive) === false)) return []
    const conditions = [...outer, ...own.filter((directive) => constantOf(directive) === null)]
    if (selection.kind === Kind.FIELD) return [{ field: { ...selection, directives: [] }, conditions }]
    return selection.kind === Kind.INLINE_FRAGMENT ? occurrencesIn(selection.selectionSet, conditions) : []
  })
}

/** Whether it holds whatever the variables are; null where they decide. */
function constantOf({ name, arguments: [given] = [] }: DirectiveNode): boolean | null {
  if (given?.value.kind !== Kind.BOOLEAN) return null
  return given.value.value === (name.value === 'include')
}

function mergeOccurrences(occurrences: readonly Occurrence[]): SelectionNode {
  const [first] = occurrences
  if (!first) throw new Error('A field occurs once at least.')
  const { field, conditions } = first
  const text = textOf(conditions)
  if (occurrences.every((other) => textOf(other.conditions) === text)) {
    return underConditions(
      [
        merged(
          field,
          occurrences.map(({ field: { selectionSet } }) => selectionSet),
        ),
      ],
      conditions,
    )
  }
  if (conditions.length > 0) {
    const message = `"${responseKeyOf(field)}" of a mutation is selected under different conditions; select it once.`
    throw new TrellisError('BAD_USER_INPUT', message, { nodes: field })
  }
  const parts = occurrences.map((occurrence) => {
    const { selectionSet } = occurrence.field
    if (!selectionSet || occurrence.conditions.length === 0) return selectionSet
    const part = underConditions(selectionSet.selections, occurrence.conditions)
    return { ...selectionSet, selections: [part] }
  })
  return merged(field, parts)
}

function merged(field: FieldNode, parts: readonly (SelectionSetNode | undefined)[]): FieldNode {
  const selections = parts.flatMap((part) => part?.selections ?? [])
  return field.selectionSet ? { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections } } : field
}

/**
 * A field carries its conditions itself: the planner puts fragments of one condition together, and fields out of their
 * order with it. Conditions may repeat, directives may not: those get fragments of their own.
 */
function underConditions(
  selections: readonly SelectionNode[],
  conditions: readonly DirectiveNode[],
): SelectionNode {
  const [condition, ...others] = conditions
  const [only] = selections
  const isDistinct = new Set(conditions.map(({ name }) => name.value)).size === conditions.length
  if (isDistinct && only?.kind === Kind.FIELD && selections.length === 1 && !only.directives?.length) {
    return { ...only, directives: conditions }
  }
  const inner = others.length > 0 ? [underConditions(selections, others)] : selections
  return {
    kind: Kind.INLINE_FRAGMENT,
    directives: condition ? [condition] : [],
    selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
  }
}

function textOf(conditions: readonly DirectiveNode[]): string {
  return [...new Set(conditions.map(print))].sort().join(' ')
}
