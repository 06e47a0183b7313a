/** How an answer is written, and whether its status may speak of GraphQL. */
export type MediaType = {
  contentType: string
  /**
   * The caller names `application/json` and nothing newer: GraphQL over HTTP (§6.4.1) keeps 200 for it, whatever is wrong
   * with the document or the variables. Who names nothing gets the same body with a telling status.
   */
  keepsStatus200: boolean
}

const json = { contentType: 'application/json; charset=utf-8', keepsStatus200: false }
const namedJson = { ...json, keepsStatus200: true }
const graphqlResponse = {
  contentType: 'application/graphql-response+json; charset=utf-8',
  keepsStatus200: false,
}

/** What nearly everybody sends. */
const known = new Map<string | undefined, MediaType>([
  [undefined, json],
  ['', json],
  ['*/*', json],
  ['application/json', namedJson],
  ['application/graphql-response+json', graphqlResponse],
])

/** Chooses by the `accept` header; null when it allows neither of ours. */
export function negotiate(accept: string | undefined): MediaType | null {
  return known.get(accept) ?? choose(accept ?? '')
}

type Range = { type: string; quality: number }

/** The quality counts most, then how exactly a range names the type, then the order of the header (RFC 9110 §12.5.1). */
function choose(accept: string): MediaType | null {
  const ranges = accept.split(',').flatMap(readRange)
  const candidates = [json, graphqlResponse].flatMap((mediaType) => {
    const [type = ''] = mediaType.contentType.split(';')
    const exactness = [type, 'application/*', '*/*']
    const matching = ranges.filter((range) => exactness.includes(range.type))
    const [best] = matching.sort((a, b) => exactness.indexOf(a.type) - exactness.indexOf(b.type))
    if (!best || best.quality <= 0) return []
    return [{ mediaType, best, order: ranges.indexOf(best), inexact: exactness.indexOf(best.type) }]
  })
  candidates.sort((a, b) => b.best.quality - a.best.quality || a.inexact - b.inexact || a.order - b.order)
  const [chosen] = candidates
  if (!chosen) return null
  return chosen.mediaType === json && chosen.inexact === 0 ? namedJson : chosen.mediaType
}

/** A range with parameters that no answer of ours has is no range for us. */
function readRange(text: string): Range[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  let quality = 1
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=').map((part) => part.trim().replace(/^"(.*)"$/, '$1'))
    if (name === 'q') quality = Number(value)
    else if (name !== 'charset' || value !== 'utf-8') return []
  }
  return type === '' || Number.isNaN(quality) ? [] : [{ type, quality }]
}
