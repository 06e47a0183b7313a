import { gql, type Rejection, type RuleCall, type RuleContext } from '@trellis/sdk/plugin'
import { type Article, wordsOf } from './articles.ts'

type CreateRecord = { collection: string; data: unknown }
type UpdateRecord = { id: string; patch: unknown }
type Stored = { record: { collection: { name: string }; data: Article } | null }

const storedArticle = gql`
  query StoredArticle($id: ID!) { record(id: $id) { collection { name } data } }
`

export function checkNewArticle(
  { args }: RuleCall<CreateRecord>,
  ctx: RuleContext,
): CreateRecord | Rejection {
  if (args.collection !== 'articles' || !isObject(args.data)) return args
  return reasonAgainst(args.data, ctx) ?? args
}

/** A change is judged by the article it would leave behind, which its author may read. */
export async function checkChangedArticle(
  { args }: RuleCall<UpdateRecord>,
  ctx: RuleContext,
): Promise<UpdateRecord | Rejection> {
  if (!isObject(args.patch)) return args
  const { record } = await ctx.graphql<Stored>(storedArticle, { id: args.id })
  if (record?.collection.name !== 'articles') return args
  return reasonAgainst({ ...record.data, ...args.patch }, ctx) ?? args
}

/** Why an article cannot be published as it is. Null for a draft, which may be anything. */
function reasonAgainst(
  { published, body, embargo }: Record<string, unknown>,
  ctx: RuleContext,
): Rejection | null {
  if (published !== true) return null
  if (typeof body === 'string' && wordsOf(body).length === 0)
    return ctx.reject('ARTICLE_EMPTY', 'An article without a word is not published.')
  if (typeof embargo !== 'string') return null
  if (Number.isNaN(Date.parse(embargo)))
    return ctx.reject('EMBARGO_INVALID', 'An embargo is a time: 2026-01-31T12:00:00Z is one.')
  return Date.parse(embargo) > Date.now()
    ? ctx.reject('EMBARGOED', `This article is not to be published before ${embargo}.`)
    : null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
