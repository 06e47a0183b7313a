import { type DocumentNode, Kind, visit } from 'graphql'
import { platformAddition } from '../../schema/plugin-build.ts'

const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@external", "@shareable", "@override", "@tag"])'

/** Of the platform, as in `schema/prelude.graphql`: whoever uses them need not declare them. */
const prelude: Readonly<Record<string, string>> = {
  DateTime: 'scalar DateTime',
  JSON: 'scalar JSON',
  PageInfo:
    'type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }',
}

/** The author's SDL as a subgraph of its own. Their text comes first, so that a line of the whole is that line of theirs. */
export function completeSdl(typeDefs: string, document: DocumentNode): string {
  const declared = new Set(document.definitions.flatMap((node) => ('name' in node ? [node.name?.value] : [])))
  const used = new Set<string>()
  visit(document, {
    enter(node) {
      if (node.kind === Kind.NAMED_TYPE) used.add(node.name.value)
    },
  })
  const missing = Object.keys(prelude).filter((name) => used.has(name) && !declared.has(name))
  return typeDefs + platformAddition + [federation, ...missing.map((name) => prelude[name])].join('\n')
}
