import { type Context, definePlugin, gql } from '@trellis/sdk/plugin'

type Tier = 'BRONZE' | 'SILVER' | 'GOLD'
type OrderPage = {
  records: {
    edges: { node: { data: { total?: number }; createdBy: { id: string } | null } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
  } | null
}

const orderPage = gql`
  query OrdersOf($filter: JSON, $after: String) {
    records(collection: "orders", filter: $filter, first: 100, after: $after) {
      edges { node { data createdBy { id } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`

/** What each customer has ordered, as far as the caller may see it: one walk through the orders, whoever is asked about. */
async function totals(filter: object, graphql: Context['graphql']): Promise<Map<string, number>> {
  const byCustomer = new Map<string, number>()
  let after: string | null = null
  do {
    const { records }: OrderPage = await graphql<OrderPage>(orderPage, { filter, after })
    for (const { node } of records?.edges ?? []) {
      if (!node.createdBy) continue
      const { id } = node.createdBy
      byCustomer.set(id, (byCustomer.get(id) ?? 0) + (node.data.total ?? 0))
    }
    after = records?.pageInfo.hasNextPage ? records.pageInfo.endCursor : null
  } while (after)
  return byCustomer
}

function tierOf(total: number): Tier {
  if (total >= 10_000) return 'GOLD'
  return total >= 1_000 ? 'SILVER' : 'BRONZE'
}

/** Loyalty: what a customer has ordered decides the tier. */
export default definePlugin({
  typeDefs: gql`
    "How much somebody has ordered: silver from 1,000, gold from 10,000."
    enum LoyaltyTier { BRONZE SILVER GOLD }

    type User @key(fields: "id") {
      id: ID!
      "Computed from this user's orders, as far as you may see them."
      loyaltyTier: LoyaltyTier
    }

    type Query {
      "Who has ordered most, first the greatest; among the orders you may see."
      bestCustomers(first: Int = 10): [User!]
    }
  `,
  resolvers: {
    Query: {
      bestCustomers: async (_root: undefined, { first }: { first: number }, ctx: Context) => {
        const ranked = [...(await totals({}, ctx.graphql))].sort(([, one], [, other]) => other - one)
        return ranked.slice(0, Math.max(0, first)).map(([id]) => ({ id }))
      },
    },
    User: {
      loyaltyTier: async (users: readonly { id: string }[], _args: object, ctx: Context) => {
        const byCustomer = await totals({ createdBy: { in: users.map((user) => user.id) } }, ctx.graphql)
        return users.map((user) => tierOf(byCustomer.get(user.id) ?? 0))
      },
    },
  },
})
