import type { PluginDocument } from '../../schema/plugin-build.ts'
import { createPlaceAt, scriptOf } from './bundle-places.ts'
import { type BundleToken, bundleTokens } from './bundle-tokens.ts'

/**
 * The GraphQL documents that stand in a plugin's code as a whole: what is tagged with `gql`, and literals that are given
 * to `graphql(…)`. SDL is none; and what is put together of pieces is a document only when it is asked.
 */
export function collectDocuments(bundle: string): PluginDocument[] {
  const tokens = bundleTokens(scriptOf(bundle)) ?? []
  const pieces = namesPutIn(tokens)
  const found = tokens.flatMap(({ start }, index) => {
    const text = documentAt(tokens, index, pieces)
    return text === null ? [] : [{ text, start }]
  })
  if (found.length === 0) return []
  const placeAt = createPlaceAt(bundle)
  return found.flatMap(({ text, start }) => {
    const place = placeAt(start)
    return place ? [{ text, ...place }] : []
  })
}

/** As esbuild names them, where the script has several of a name. */
const tag = /^gql\d*$/
const ask = /^graphql\d*$/

/** What a document begins with. Braces alone are what a piece of one may begin with, too. */
const beginning = /^(?:[\s,\uFEFF]|#.*)*(?:(?:query|mutation|subscription|fragment)\b|(\{))/

/** The text of the document that this token is. */
function documentAt(
  tokens: readonly BundleToken[],
  index: number,
  pieces: ReadonlySet<string>,
): string | null {
  const token = tokens[index]
  if (token?.kind !== 'template' && token?.kind !== 'string') return null
  const isTagged = token.kind === 'template' && tag.test(wordAt(tokens, index - 1))
  const first = isTagged ? index - 1 : index
  const isAsked =
    ask.test(wordAt(tokens, first - 2)) &&
    tokens[first - 1]?.text === '(' &&
    [',', ')'].includes(tokens[index + 1]?.text ?? '')
  const text = isTagged ? token.text : isAsked ? plainText(token.text) : null
  const begins = text === null ? null : beginning.exec(text)
  if (!begins) return null
  const isBare = begins[1] !== undefined && !isAsked
  const isPiece = isPutIn(tokens, first, index) || pieces.has(nameGiven(tokens, first))
  return isBare && isPiece ? null : text
}

function wordAt(tokens: readonly BundleToken[], index: number): string {
  const token = tokens[index]
  return token?.kind === 'word' ? token.text : ''
}

/** Of a literal without a tag; null where it is written with escapes that would have to be read. */
function plainText(written: string): string | null {
  const text = written.replaceAll(/\\(["'`])/g, '$1')
  return text.includes('\\') ? null : text
}

/** The names of what is put into templates as it is: `${fields}`. */
function namesPutIn(tokens: readonly BundleToken[]): ReadonlySet<string> {
  return new Set(
    tokens.flatMap(({ kind, text }, index) =>
      kind === 'word' && isPutIn(tokens, index, index) ? [text] : [],
    ),
  )
}

/** Whether these tokens are all that is put into a template there. */
function isPutIn(tokens: readonly BundleToken[], first: number, last: number): boolean {
  const [before, after] = [tokens[first - 1]?.kind, tokens[last + 1]?.kind]
  return (before === 'opening' || before === 'middle') && (after === 'middle' || after === 'closing')
}

/** `fields` of `const fields = …` */
function nameGiven(tokens: readonly BundleToken[], first: number): string {
  return tokens[first - 1]?.text === '=' ? wordAt(tokens, first - 2) : ''
}
