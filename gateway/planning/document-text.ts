import { type DocumentNode, print } from 'graphql'

/** Locations in errors point into this very text, so two documents may share a plan only when their texts are equal. */
export function textOf(document: DocumentNode): string {
  return document.loc?.source.body ?? print(document)
}
