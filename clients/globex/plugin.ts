import { definePlugin, gql } from '@trellis/sdk/plugin'

type Article = { id: string; data: { body?: unknown } | null }

const wordsPerMinute = 220

/** What an editor wants to know of an article before it is published; nothing here asks the graph again. */
export default definePlugin({
  typeDefs: gql`
    scalar JSON

    type Record @key(fields: "id") {
      id: ID!
      data: JSON! @external
      "How long an average reader needs, in whole minutes; null where there is no text."
      readingMinutes: Int @requires(fields: "data")
    }
  `,
  resolvers: {
    Record: {
      readingMinutes: (articles: readonly Article[]) =>
        articles.map(({ data }) => {
          if (typeof data?.body !== 'string') return null
          const words = data.body.split(/\s+/).filter((word) => word !== '').length
          return Math.ceil(words / wordsPerMinute)
        }),
    },
  },
})
