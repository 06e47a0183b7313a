import { type Context, gql } from '@trellis/sdk/plugin'

/** What a record of the collection `orders` holds. */
export type Order = { customer?: string; total: number; status: string }

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
export async function totalsByCustomer(
  filter: object,
  { graphql }: Pick<Context, 'graphql'>,
): Promise<Map<string, number>> {
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
