import { type DocumentNode, Kind, parse, print, stripIgnoredCharacters, visit } from 'graphql'
import type { DataRewrite, FetchNode, PlanNode, RequiredSelection, SubscriptionNode } from './query-plan.ts'
import type { RequiredVariants } from './required-variants.ts'
import { splitFetch } from './split-fetch.ts'

/**
 * The plan in terms of the real supergraph: a variant is fetched as an alias of its field, kept under the variant's
 * name in the data, and sent under the field's own name to whoever requires it.
 */
export function restoreRequiredFields(
  node: PlanNode | SubscriptionNode | undefined,
  variants: RequiredVariants,
): PlanNode | SubscriptionNode | undefined {
  if (!node || variants.isEmpty()) return node
  if (node.kind !== 'Subscription') return restoreNode(node, variants)
  const primary = restoreFetch(node.primary, variants)
  return node.rest
    ? { ...node, primary, rest: restoreNode(node.rest, variants) }
    : { kind: node.kind, primary }
}

function restoreNode(node: PlanNode, variants: RequiredVariants): PlanNode {
  const restore = (child: PlanNode) => restoreNode(child, variants)
  switch (node.kind) {
    case 'Fetch':
      return inParallel(splitFetch(node, variants).map((part) => restoreFetch(part, variants)))
    case 'Flatten': {
      const { path, node: inner } = node
      if (inner.kind !== 'Fetch') return { ...node, node: restore(inner) }
      const parts = splitFetch(inner, variants).map((part) => restoreFetch(part, variants))
      return inParallel(parts.map((part) => ({ kind: 'Flatten', path, node: part })))
    }
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map(restore) }
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: restore(node.ifClause) }),
        ...(node.elseClause && { elseClause: restore(node.elseClause) }),
      }
    default:
      return node satisfies never
  }
}

function inParallel(nodes: PlanNode[]): PlanNode {
  const [only] = nodes
  return only && nodes.length === 1 ? only : { kind: 'Parallel', nodes }
}

function restoreFetch(node: FetchNode, variants: RequiredVariants): FetchNode {
  const operation = restoreOperation(parse(node.operation, { noLocation: true }), variants)
  if (!node.requires) return { ...node, operation }
  const renamers: DataRewrite[] = []
  const requires = restoreRequires(node.requires, { variants, path: [], renamers })
  const inputRewrites = [...(node.inputRewrites ?? []), ...renamers]
  return { ...node, operation, requires, ...(inputRewrites.length > 0 && { inputRewrites }) }
}

function restoreOperation(document: DocumentNode, variants: RequiredVariants): string {
  const restored = visit(document, {
    Field(field) {
      const variant = variants.get(field.name.value)
      if (!variant) return undefined
      const name = { kind: Kind.NAME as const, value: variant.field }
      return { ...field, alias: field.alias ?? field.name, name, arguments: variant.arguments }
    },
  })
  return stripIgnoredCharacters(print(restored))
}

type Restoring = { variants: RequiredVariants; path: readonly string[]; renamers: DataRewrite[] }

/** Collects in `renamers` what gives the representations their real names; inner ones first, while the outer keys stand. */
function restoreRequires(
  selections: readonly RequiredSelection[],
  { variants, path, renamers }: Restoring,
): RequiredSelection[] {
  return selections.map((selection) => {
    const { kind, selections: inner } = selection
    if (kind === 'InlineFragment') {
      const step = selection.typeCondition ? [`... on ${selection.typeCondition}`] : []
      return {
        ...selection,
        selections: restoreRequires(inner, { variants, path: [...path, ...step], renamers }),
      }
    }
    const key = selection.alias ?? selection.name
    const variant = variants.get(selection.name)
    const fieldPath = [...path, key]
    const field = inner
      ? { ...selection, selections: restoreRequires(inner, { variants, path: fieldPath, renamers }) }
      : selection
    if (!variant) return field
    renamers.push({ kind: 'KeyRenamer', path: fieldPath, renameKeyTo: variant.field })
    return { ...field, alias: key, name: variant.field }
  })
}
