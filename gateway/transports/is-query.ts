/**
 * Whether a document of one operation is surely a query, so that asking twice is asking once. A document that begins
 * with a comment or with a fragment is taken for something else: nothing is lost by that but the second try.
 */
export function isQuery(document: string): boolean {
  return queryBegins.test(document)
}

const queryBegins = /^\s*(\{|query\b)/
