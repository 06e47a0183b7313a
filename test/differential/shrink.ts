import { type DocumentNode, Kind, parse, print, validate, visit } from 'graphql'
import { examine, type Finding } from './differential.ts'

/** The same finding with as little of its operation as shows it. */
export async function shrink(finding: Finding): Promise<Finding> {
  let smallest = finding
  for (let index = 0; ; ) {
    const smaller = without(parse(smallest.operation.text), index)
    if (!smaller) return smallest
    const found = await retry(smallest, smaller)
    if (found) smallest = found
    else index++
  }
}

async function retry(finding: Finding, document: DocumentNode): Promise<Finding | null> {
  const { world, operation, name, what } = finding
  const used = withoutUnused(withoutUnused(document))
  if (hasEmptySelection(used)) return null
  if (validate(world.whole.schema, used).length > 0) return null
  const smaller = { ...operation, text: print(used) }
  if (smaller.text.length >= operation.text.length) return null
  const found = await examine(world, smaller)
  return found && found.what.slice(0, 20) === what.slice(0, 20) ? { ...found, name } : null
}

const removable = new Set<string>([
  Kind.FIELD,
  Kind.INLINE_FRAGMENT,
  Kind.FRAGMENT_SPREAD,
  Kind.DIRECTIVE,
  Kind.ARGUMENT,
])

/** The document without its n-th part that can be left out; null when there are no more. */
function without(document: DocumentNode, index: number): DocumentNode | null {
  let seen = -1
  let isFound = false
  const leave = () => {
    seen++
    if (seen !== index) return undefined
    isFound = true
    return null
  }
  const smaller = visit(document, { enter: (node) => (removable.has(node.kind) ? leave() : undefined) })
  return isFound ? emptied(smaller) : null
}

/** Fields whose selection became empty go with it. */
function emptied(document: DocumentNode): DocumentNode {
  return visit(document, {
    leave(node) {
      const isSelection = node.kind === Kind.FIELD || node.kind === Kind.INLINE_FRAGMENT
      return isSelection && node.selectionSet?.selections.length === 0 ? null : undefined
    },
  })
}

function withoutUnused(document: DocumentNode): DocumentNode {
  const variables = new Set<string>()
  const spreads = new Set<string>()
  visit(document, {
    enter(node) {
      if (node.kind === Kind.VARIABLE_DEFINITION) return false
      if (node.kind === Kind.VARIABLE) variables.add(node.name.value)
      if (node.kind === Kind.FRAGMENT_SPREAD) spreads.add(node.name.value)
    },
  })
  return visit(document, {
    enter(node) {
      if (node.kind === Kind.VARIABLE_DEFINITION && !variables.has(node.variable.name.value)) return null
      if (node.kind === Kind.FRAGMENT_DEFINITION && !spreads.has(node.name.value)) return null
    },
  })
}

function hasEmptySelection(document: DocumentNode): boolean {
  let isFound = false
  visit(document, {
    enter(node) {
      if (node.kind === Kind.SELECTION_SET) isFound ||= node.selections.length === 0
    },
  })
  return isFound
}
