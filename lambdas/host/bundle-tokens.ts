/**
 * `template` and `string` are whole literals; a template with something in it comes in pieces, `opening`, `middle` and
 * `closing`, with the tokens of what is in it between them.
 */
export type BundleToken = {
  kind: 'word' | 'mark' | 'regex' | 'string' | 'template' | 'opening' | 'middle' | 'closing'
  /** Of a literal what is between its quotes, as it is written. */
  text: string
  /** Where it stands in the script. */
  start: number
  end: number
}

const space = /(?:\s+|\/\/.*|\/\*[\s\S]*?\*\/)*/y
const word = /([\w$\u0080-\uffff]+)/y
const doubleQuoted = /"([^"\\\n]*(?:\\[\s\S][^"\\\n]*)*)"/y
const singleQuoted = /'([^'\\\n]*(?:\\[\s\S][^'\\\n]*)*)'/y
const regex = /\/((?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/\w*/y
const template = /[`}]([^`\\$]*(?:(?:\\[\s\S]|\$(?!\{))[^`\\$]*)*)(`|\$\{)/y
const mark = /(\+\+|--|[\s\S])/y

/** A value does not end with these: a slash behind one begins a regular expression. */
const beforeValues = new Set(
  'await case default delete do else extends in instanceof new return throw typeof void yield'.split(' '),
)
/** Nor does it with what stands in parentheses behind these. */
const beforeConditions = new Set(['if', 'while', 'for', 'with'])

/**
 * The tokens of a script that esbuild has printed. Of any JavaScript nobody can say whether a slash divides without
 * parsing it; esbuild prints a division in the line in which its left side ends, and nothing behind a block.
 *
 * @returns null where a literal does not end: that is no such script
 */
export function bundleTokens(script: string): BundleToken[] | null {
  const tokens: BundleToken[] = []
  const nesting = createNesting()
  for (let at = skipSpace(script, 0); at < script.length; at = skipSpace(script, tokens.at(-1)?.end ?? 0)) {
    const last = tokens.at(-1)
    const isSameLine = last !== undefined && !script.slice(last.end, at).includes('\n')
    const slashDivides = isSameLine && !nesting.isBehindCondition() && endsValue(last, tokens.at(-2))
    const token = readToken(script, at, { slashDivides, isInTemplate: nesting.isInTemplate() })
    if (!token) return null
    nesting.add(token, last)
    tokens.push(token)
  }
  return nesting.isOpen() ? null : tokens
}

function skipSpace(script: string, at: number): number {
  space.lastIndex = at
  space.test(script)
  return space.lastIndex
}

/** What is open where the next token stands. */
function createNesting() {
  /** Of each template, the innermost last: how many braces are open in what is put into it. */
  const braces: number[] = []
  /** Of each parenthesis: whether it holds the condition of a statement. */
  const conditions: boolean[] = []
  let isBehindCondition = false
  return {
    isInTemplate: () => braces.at(-1) === 0,
    isOpen: () => braces.length > 0,
    isBehindCondition: () => isBehindCondition,
    add({ kind, text }: BundleToken, before: BundleToken | undefined): void {
      isBehindCondition = false
      switch (kind === 'mark' ? text : kind) {
        case 'opening':
          braces.push(0)
          break
        case 'closing':
          braces.pop()
          break
        case '(':
          conditions.push(before?.kind === 'word' && beforeConditions.has(before.text))
          break
        case ')':
          isBehindCondition = conditions.pop() ?? false
          break
        case '{':
        case '}':
          if (braces.length > 0) braces.push((braces.pop() ?? 0) + (text === '{' ? 1 : -1))
      }
    },
  }
}

/** `isInTemplate`: a closing brace ends what is put into one. */
type Surroundings = { slashDivides: boolean; isInTemplate: boolean }

function readToken(
  script: string,
  at: number,
  { slashDivides, isInTemplate }: Surroundings,
): BundleToken | null {
  const read = (kind: BundleToken['kind'], pattern: RegExp): BundleToken | null => {
    pattern.lastIndex = at
    const [, text] = pattern.exec(script) ?? []
    return text === undefined ? null : { kind, text, start: at, end: pattern.lastIndex }
  }
  const char = script[at]
  if (char === '"') return read('string', doubleQuoted)
  if (char === "'") return read('string', singleQuoted)
  if (char === '/' && !slashDivides) return read('regex', regex)
  if (char === '`' || (char === '}' && isInTemplate)) {
    const part = read('template', template)
    return part && { ...part, kind: partKind(char, script[part.end - 1]) }
  }
  return read('word', word) ?? read('mark', mark)
}

function partKind(first: string, last: string | undefined): BundleToken['kind'] {
  if (first === '`') return last === '`' ? 'template' : 'opening'
  return last === '`' ? 'closing' : 'middle'
}

function endsValue(last: BundleToken, beforeLast: BundleToken | undefined): boolean {
  switch (last.kind) {
    case 'opening':
    case 'middle':
      return false
    case 'word':
      return !beforeValues.has(last.text) || beforeLast?.text === '.'
    case 'mark':
      return [')', ']', '}', '++', '--'].includes(last.text)
    default:
      return true
  }
}
