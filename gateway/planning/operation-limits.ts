import {
  type DocumentNode,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  type SelectionSetNode,
  Source,
  TokenKind,
} from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { fragmentNamed } from './root-arguments.ts'

/** How much of an operation is read, validated and planned at all. Each is well above what a frontend sends. */
export const operationLimits = {
  /** Of the whole document. */
  tokens: 10_000,
  /** Brackets of any kind within each other. */
  nesting: 100,
  /** Fields at the root of the operation, aliases of one field counted each, fragments counted where they are used. */
  rootFields: 200,
  /** Fields of the operation at every level, fragments counted where they are used. */
  fields: 5_000,
} as const

/** Reads no further than the limits: a text that is beyond them is not worth parsing. Faults of syntax are left to the parser. */
export function exceedsTextLimits(text: string): TrellisError | null {
  const lexer = new Lexer(new Source(text))
  let tokens = 0
  let nesting = 0
  try {
    for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
      tokens += 1
      if (tokens > operationLimits.tokens) return tooComplex(`more than ${operationLimits.tokens} tokens`)
      if (opening.has(token.kind)) nesting += 1
      if (closing.has(token.kind)) nesting -= 1
      if (nesting > operationLimits.nesting) return tooComplex(`more than ${operationLimits.nesting} levels`)
    }
  } catch {
    return null
  }
  return null
}

const opening: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
const closing: ReadonlySet<TokenKind> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])

/** Before validation, which takes the square of fields that are the same. */
export function exceedsLimits(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): TrellisError | null {
  const count = createFieldCount(document)
  const all = count(operation.selectionSet, 'all')
  if (all > operationLimits.fields) return tooComplex(`more than ${operationLimits.fields} fields`)
  const atRoot = count(operation.selectionSet, 'here')
  if (atRoot > operationLimits.rootFields) {
    return tooComplex(`more than ${operationLimits.rootFields} fields at its root`)
  }
  return null
}

/** Each fragment is counted once, so that fragments that use each other twice cost no more than their text. */
function createFieldCount(document: DocumentNode) {
  const counted = new Map<string, number>()
  const count = ({ selections }: SelectionSetNode, levels: 'all' | 'here'): number => {
    let fields = 0
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        fields += 1
        if (levels === 'all' && selection.selectionSet) fields += count(selection.selectionSet, levels)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        fields += count(selection.selectionSet, levels)
      } else {
        fields += countFragment(selection.name.value, levels)
      }
    }
    return fields
  }
  const countFragment = (name: string, levels: 'all' | 'here'): number => {
    const key = `${levels} ${name}`
    const known = counted.get(key)
    if (known !== undefined) return known
    // A fragment within itself is for validation to refuse.
    counted.set(key, 0)
    const fragment = fragmentNamed(name, document)
    const fields = fragment ? count(fragment.selectionSet, levels) : 0
    counted.set(key, fields)
    return fields
  }
  return count
}

function tooComplex(what: string): TrellisError {
  return new TrellisError('OPERATION_TOO_COMPLEX', `The operation has ${what}; split it up.`)
}
