import { type DocumentNode, type FieldNode, Kind, visit } from 'graphql'

const suffix = '__client'

/**
 * The document as it is planned: with the client's aliases out of the way of the names the planner adds. It fetches
 * keys and required fields under their own names beside what the client selects, and takes `{ id: name }` for the id.
 */
export function withPrivateAliases(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field(field) {
      if (!field.alias) return undefined
      return { ...field, alias: { kind: Kind.NAME, value: fetchedKey(field) } }
    },
  })
}

/** The key under which the value of a field of the client's document is fetched. */
export function fetchedKey({ alias, name }: FieldNode): string {
  return alias && alias.value !== name.value ? `${alias.value}${suffix}` : name.value
}
