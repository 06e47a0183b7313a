import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import ts from 'typescript'
import { bundleTokens } from '../../lambdas/host/bundle-tokens.ts'

const root = join(import.meta.dirname, '../..')

/** As esbuild prints it in bundles. */
function printed(source: string): string {
  return transformSync(source, { loader: 'ts', target: 'es2024', charset: 'utf8', tsconfigRaw: {} }).code
}

const kinds: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.StringLiteral, 'string'],
  [ts.SyntaxKind.NoSubstitutionTemplateLiteral, 'template'],
  [ts.SyntaxKind.TemplateHead, 'opening'],
  [ts.SyntaxKind.TemplateMiddle, 'middle'],
  [ts.SyntaxKind.TemplateTail, 'closing'],
  [ts.SyntaxKind.RegularExpressionLiteral, 'regex'],
])

/** What TypeScript, which parses it, takes for literals: kind, start and end. */
function parsedLiterals(script: string): string[] {
  const found: { kind: string; start: number; end: number }[] = []
  const source = ts.createSourceFile('script.js', script, ts.ScriptTarget.ESNext, false, ts.ScriptKind.JS)
  const walk = (node: ts.Node): void => {
    const kind = kinds.get(node.kind)
    if (kind) found.push({ kind, start: node.getStart(source), end: node.end })
    ts.forEachChild(node, walk)
  }
  walk(source)
  return found.sort((a, b) => a.start - b.start).map(({ kind, start, end }) => `${kind} ${start}-${end}`)
}

function literals(script: string): string[] | undefined {
  return bundleTokens(script)
    ?.filter(({ kind }) => kind !== 'word' && kind !== 'mark')
    .map(({ kind, start, end }) => `${kind} ${start}-${end}`)
}

test.each([
  [
    'divisions and regular expressions',
    'a / b / c; x = /[/"]/g.test(a) ? f() / 2 : [1][0] / 3; i++ / 2; ({}) / 1',
  ],
  [
    'a regular expression where a statement begins',
    'if (a) /"/.exec(a); else /`/.exec(a); { b } /x"/.test(a); for (;;) /\'/.exec(a); if ((a)) (b) / 2; while (f(a) / 2) /"/.exec(b)',
  ],
  ['names that are keywords elsewhere', 'a.return / b.in / "c"; ({ in: 1 }).in / 2'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
  ['templates in templates', 'f(`a ${b ? `c ${{ d: `e` }.d} }` : "}"} / ${g / 2} h`)'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
  ['escapes', 'x = "\\"\\\\"; y = \'"\'; z = `\\`\\${}$`; w = /\\/"/'],
  ['comments', '/*! " ` */ a = 1; // "\nb = 2 /* ` */ / 3'],
])('%s are read as a parser reads them', (_what, source) => {
  const script = printed(source)
  expect(literals(script)).toEqual(parsedLiterals(script))
})

test("the literals of hundreds of files are those that TypeScript's parser finds", () => {
  const patterns = ['{lambdas,gateway,cli,sdk}/**/*.ts', 'node_modules/{graphql,acorn,graphql-ws}/**/*.mjs']
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))
  expect(files.length).toBeGreaterThan(400)
  let compared = 0
  for (const file of files) {
    const script = printed(readFileSync(join(root, file), 'utf8'))
    const expected = parsedLiterals(script)
    expect([file, literals(script)]).toEqual([file, expected])
    compared += expected.length
  }
  expect(compared).toBeGreaterThan(8_000)
}, 60_000)

test('what ends within a literal is no script of a bundle', () => {
  for (const script of ['a = "b', 'a = `b', 'a = `b ${c', 'a = `b ${{ c: 1', 'a = /b\n/'])
    expect([script, bundleTokens(script)]).toEqual([script, null])
})
