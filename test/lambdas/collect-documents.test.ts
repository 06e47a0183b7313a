import { bundlePlugin } from '../../lambdas/host/bundle-plugin.ts'
import { collectDocuments } from '../../lambdas/host/collect-documents.ts'

/** `file:line text`, with each white space as one space. */
async function collected(plugin: string, others: Record<string, string> = {}): Promise<string[]> {
  const files = Object.entries({ 'plugin.ts': plugin, ...others })
  const bundle = await bundlePlugin(files.map(([path, content]) => ({ path, content })))
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.errors))
  return collectDocuments(bundle.code).map(
    ({ text, file, line }) => `${file}:${line} ${text.replaceAll(/\s+/g, ' ').trim()}`,
  )
}

const kit = `import { definePlugin, gql } from '@trellis/sdk/plugin'\n`
/** A plugin that does this with `ctx`, from its line 4 on. */
const asking = (code: string, before = '') => `${kit}${before}
export default definePlugin({ on: {
  'data.record.created': async (event: unknown, ctx: any) => {
${code}
  } } })`

test('what is tagged is collected with the line it begins in, two of a file, those of others, and no SDL', async () => {
  const plugin = `${kit}
import { article } from './articles.ts'
const first = gql\`
  query First { me { id } }
\`
export default definePlugin({
  typeDefs: gql\`type Query { a: Int }\`,
  resolvers: { Query: { a: (_root, _args, ctx) =>
    Promise.all([ctx.graphql(first), ctx.graphql(gql\`{ caller }\`), ctx.graphql(article)]) } },
})`
  const articles = `import { gql } from '@trellis/sdk/plugin'

export const article = gql\`# of all
  query Article { record(id: "1") { id } }\``
  expect(await collected(plugin, { 'articles.ts': articles })).toEqual([
    'articles.ts:3 # of all query Article { record(id: "1") { id } }',
    'plugin.ts:4 query First { me { id } }',
    'plugin.ts:10 { caller }',
  ])
})

test('literals that are given to graphql, whoever it belongs to, and whatever types it is given', async () => {
  const code = `    const { graphql } = ctx
    await ctx.asPlugin.graphql('{ record(id: "1") { id } }', {})
    await (ctx as { graphql<T>(document: string): Promise<T> }).graphql<{ me: Array<() => string> }>(
      \`
        query Me { me { id } }
      \`,
    )
    await graphql('{\\n me { id } }')
    await graphql(gql\`query Raw { record(id: "\\n") { id } }\`)
    return graphql("mutation { touch { id } }")`
  expect(await collected(asking(code))).toEqual([
    'plugin.ts:6 { record(id: "1") { id } }',
    'plugin.ts:8 query Me { me { id } }',
    'plugin.ts:12 { me { id } }',
    'plugin.ts:13 query Raw { record(id: "\\n") { id } }',
    'plugin.ts:14 mutation { touch { id } }',
  ])
})

test('the tag under another name, and beside something else of its name', async () => {
  const plugin = `import { definePlugin, gql as document } from '@trellis/sdk/plugin'
const gql = (text: TemplateStringsArray) => text.raw.join()
export default definePlugin({ rules: { 'Query.me': (call, ctx) => {
  ctx.log(gql\`query NotOurs { a }\`)
  return ctx.graphql(document\`query Ours { me { id } }\`)
} } })`
  expect(await collected(plugin)).toContain('plugin.ts:5 query Ours { me { id } }')
})

test('fragments by themselves, and within an operation', async () => {
  const before = 'const user = gql`fragment Named on User { id name }`'
  const code = `    await ctx.graphql(gql\`query A { me { ...Named } } \${user}\`)
    await ctx.graphql(gql\`query B { me { ...Own } } fragment Own on User { id }\`)`
  expect(await collected(asking(code, before))).toEqual([
    'plugin.ts:2 fragment Named on User { id name }',
    'plugin.ts:6 query B { me { ...Own } } fragment Own on User { id }',
  ])
})

test('what is put together is left alone, and so are its pieces', async () => {
  const before = 'const fields = gql`{ id name }`; const bare = gql`{ me { id } }`'
  const code = `    const text = 'query Text { me { id } }'
    await ctx.graphql(gql\`query A { me \${fields} }\`)
    await ctx.graphql(gql\`query B { me \${gql\`{ id }\`} }\`)
    await ctx.graphql('query C {' + text)
    await ctx.graphql(text)
    await ctx.graphql(bare)`
  expect(await collected(asking(code, before))).toEqual(['plugin.ts:2 { me { id } }'])
})

test('one within a template that has nothing to do with it', async () => {
  const code = `    ctx.log(\`\${event} and \${\`then \${await ctx.graphql(gql\`query In { me { id } }\`)}\`} / "\`)
    ctx.log(\`\${await ctx.graphql('{ caller }')}\`)`
  expect(await collected(asking(code))).toEqual([
    'plugin.ts:5 query In { me { id } }',
    'plugin.ts:6 { caller }',
  ])
})

test('none in comments, in strings, or in what is never used', async () => {
  const unused = `import { gql } from '@trellis/sdk/plugin'
export const never = /* @__PURE__ */ (() => gql\`query Never { a }\`)()
export const used = 1`
  const code = `    // gql\`query InComment { a }\`
    ctx.log("gql\`query InString { a }\`", /gql\`query InPattern { a }\`/.test(event), used)
    await ctx.graphql(gql\`query Real { me { id } }\`)`
  const before = `import { used } from './unused.ts'`
  expect(await collected(asking(code, before), { 'unused.ts': unused })).toEqual([
    'plugin.ts:7 query Real { me { id } }',
  ])
})

test('a document that is none is collected, for its fault to be told', async () => {
  const code = '    await ctx.graphql(gql`query Open { me {`)'
  expect(await collected(asking(code))).toEqual(['plugin.ts:5 query Open { me {'])
})

test('names are not compared with one another: there may be a hundred thousand', async () => {
  const content = asking('    const one = 1, two = 2\n    await ctx.graphql("{ caller }", { one, two })')
  const bundle = await bundlePlugin([{ path: 'plugin.ts', content }])
  if (!bundle.ok) throw new Error(JSON.stringify(bundle.errors))
  const declaredTwice = bundle.code.replace('one = 1, two', 'one = 1, one')
  expect(declaredTwice).not.toBe(bundle.code)
  expect(collectDocuments(declaredTwice)).toMatchObject([{ text: '{ caller }', line: 6 }])
})

test('what looks like the beginning of one for long holds nobody up', () => {
  for (const text of ['#'.repeat(50_000), '#\n'.repeat(50_000), ' ,\uFEFF'.repeat(50_000)])
    expect(collectDocuments(`const a = gql\`${text}x\``)).toEqual([])
})

test('what is nested too deeply to be read has none, and holds nobody up', () => {
  const deep = `${'('.repeat(300_000)}gql\`query Deep { me { id } }\`${')'.repeat(300_000)}`
  expect(collectDocuments(deep)).toEqual([])
  expect(collectDocuments('const broken = "')).toEqual([])
})
