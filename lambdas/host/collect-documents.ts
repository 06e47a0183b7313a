import { type AnyNode, Parser, type TemplateLiteral } from 'acorn'
import { type AncestorVisitors, ancestor } from 'acorn-walk'
import type { PluginDocument } from '../../schema/plugin-build.ts'
import { createPlaceAt, scriptOf } from './bundle-places.ts'

/**
 * The GraphQL documents that stand in a plugin's code as a whole: what is tagged with `gql`, and literals that are given
 * to `graphql(…)`. SDL is none; and what is put together of pieces is a document only when it is asked.
 */
export function collectDocuments(bundle: string): PluginDocument[] {
  const found = documentsIn(scriptOf(bundle))
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

/**
 * What a document begins with. Braces alone are what a piece of one may begin with, too. A comment is matched up to its
 * end: in parts, there would be as many ways to match it as its author likes.
 */
const beginning = /^(?:[\s,\uFEFF]|#[^\n\r]*(?:[\n\r]|$))*(?:(?:query|mutation|subscription|fragment)\b|(\{))/

type Written = { text: string; start: number }
/** Put into another template as it is, or kept under a name. */
type Tagged = Written & { isPutIn: boolean; name: string }

function documentsIn(script: string): Written[] {
  const asked = new Map<number, Written>()
  const tagged = new Map<number, Tagged>()
  const namesPutIn = new Set<string>()
  walk(script, {
    TaggedTemplateExpression(node, _state, ancestors) {
      const written = literalText(node)
      const parent = ancestors.at(-2)
      const isPutIn = parent?.type === 'TemplateLiteral'
      const name = parent?.type === 'VariableDeclarator' ? nameOf(parent.id) : ''
      if (written) tagged.set(written.start, { ...written, isPutIn, name })
    },
    TemplateLiteral({ expressions }) {
      for (const expression of expressions) namesPutIn.add(nameOf(expression))
    },
    CallExpression({ callee, arguments: [given] }) {
      const written = ask.test(nameOf(callee)) ? literalText(given) : null
      if (written) asked.set(written.start, written)
    },
  })
  const isPiece = ({ isPutIn, name }: Tagged) => isPutIn || (name !== '' && namesPutIn.has(name))
  const isDocument = (written: Tagged) => {
    const begins = beginning.exec(written.text)
    return begins !== null && (begins[1] === undefined || !isPiece(written))
  }
  const found = new Map<number, Written>([...tagged].filter(([, written]) => isDocument(written)))
  for (const [start, written] of asked) if (beginning.test(written.text)) found.set(start, written)
  return [...found.values()].sort((one, other) => one.start - other.start)
}

const ScriptParser = Parser.extend(
  (Base) =>
    class extends Base {
      declareName(): void {
        // Whether it is declared twice takes the square of how many names there are, and esbuild has looked.
      }
    },
)

/** What esbuild has printed can be parsed; what is nested too deeply for that has no documents that could be read. */
function walk(script: string, visitors: AncestorVisitors<unknown>): void {
  try {
    ancestor(ScriptParser.parse(script, { ecmaVersion: 'latest', sourceType: 'module' }), visitors)
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error
  }
}

/** Of a name, or of the property of whatever it belongs to. */
function nameOf(node: AnyNode): string {
  if (node.type === 'MemberExpression' && !node.computed) return nameOf(node.property)
  return node.type === 'Identifier' ? node.name : ''
}

/** Of a literal; null: it is none, or something is put into it. */
function literalText(node: AnyNode | undefined): Written | null {
  if (node?.type === 'TemplateLiteral') return templateText(node, 'cooked')
  // The tag takes what is written as it is.
  if (node?.type === 'TaggedTemplateExpression' && tag.test(nameOf(node.tag)))
    return templateText(node.quasi, 'raw')
  if (node?.type !== 'Literal' || typeof node.value !== 'string') return null
  return { text: node.value, start: node.start }
}

function templateText({ quasis, start }: TemplateLiteral, as: 'raw' | 'cooked'): Written | null {
  const [whole, ...more] = quasis
  const text = whole?.value[as]
  return typeof text === 'string' && more.length === 0 ? { text, start } : null
}
