import { definePlugin, gql, type HandlerContext, type PluginEvent } from '@trellis/sdk/plugin'
import { type Article, wordsOf, wordsPerMinute } from './articles.ts'
import { checkChangedArticle, checkNewArticle } from './publishing-rules.ts'
import { findArticles, forgetArticle, indexArticle } from './search-index.ts'
import { newsroom, tellNewsroom } from './tell-newsroom.ts'

type ArticleEvent = PluginEvent<{ collection: string; data: Article; previous: Article | null }>

/** Keeps the search as the articles are, and tells the newsroom when one is published. */
async function follow(event: ArticleEvent, ctx: HandlerContext): Promise<void> {
  const { collection, data: article, previous } = event.data
  if (collection !== 'articles') return
  await indexArticle(event.subject, article, ctx.kv)
  if (article.published && !previous?.published) await tellNewsroom(event, article, ctx)
}

/** Publishing: how long an article takes to read, what may be published, how it is found, and who hears of it. */
export default definePlugin({
  typeDefs: gql`
    scalar JSON

    type Record @key(fields: "id") {
      id: ID!
      data: JSON! @external
      "How long an average reader needs, in whole minutes; null where there is no text."
      readingMinutes: Int @requires(fields: "data")
    }

    type Query {
      "Published articles that have all these words, those with the words in their title first; null for one that you may not read."
      searchArticles(text: String!, first: Int = 10): [Record]
    }
  `,
  resolvers: {
    Query: {
      searchArticles: async (_root, { text, first }: { text: string; first: number }, { kv }) => {
        const ids = await findArticles(text, kv)
        return ids.slice(0, Math.max(0, first)).map((id) => ({ id }))
      },
    },
    Record: {
      readingMinutes: (articles: readonly { data: { body?: unknown } | null }[]) =>
        articles.map(({ data }) =>
          typeof data?.body === 'string' ? Math.ceil(wordsOf(data.body).length / wordsPerMinute) : null,
        ),
    },
  },
  rules: {
    'Mutation.createRecord': checkNewArticle,
    'Mutation.updateRecord': checkChangedArticle,
  },
  on: {
    'data.record.created': follow,
    'data.record.updated': follow,
    'data.record.deleted': async (event: ArticleEvent, { kv }) => forgetArticle(event.subject, kv),
  },
  needs: { egress: [newsroom] },
})
